#include "cli/aligned_table.hpp"

#include <algorithm>

#include "cli/terminal.hpp"

namespace corral {

std::string aligned_table(const std::vector<TableRow>& rows, Align align) {
    const std::size_t columns = rows.front().size();
    std::vector<std::size_t> widths(columns);
    for (const TableRow& row : rows)
        for (std::size_t i = 0; i < columns; ++i)
            widths[i] = std::max(widths[i], display_width(row[i]));
    std::string lines;
    for (const TableRow& row : rows) {
        for (std::size_t i = 0; i < columns; ++i) {
            const std::string padding(widths[i] - display_width(row[i]), ' ');
            if (i > 0) lines += "  ";
            if (align == Align::right) lines += padding;
            lines += row[i];
            if (align == Align::left && i + 1 < columns) lines += padding;
        }
        lines += "\n";
    }
    return lines;
}

}  // namespace corral
