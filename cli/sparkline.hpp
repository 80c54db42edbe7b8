// A line of figures as a line of text: ▁▂▃▄▅▆▇█. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace corral {

// As high as the largest value; a gap is a space. More values than `columns` share them, the
// largest of each showing.
std::string sparkline(const std::vector<std::optional<double>>& values, std::size_t columns);

}  // namespace corral
