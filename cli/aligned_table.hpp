// Rows of text under each other, each column as wide as its widest cell on a terminal. Pure.
#pragma once

#include <string>
#include <vector>

namespace corral {

using TableRow = std::vector<std::string>;
enum class Align {
    left,  // texts; nothing follows the last cell of a line
    right  // figures, which are compared down a column
};

// Two spaces between columns; every row has as many cells as the first.
std::string aligned_table(const std::vector<TableRow>& rows, Align align);

}  // namespace corral
