#include "cli/sparkline.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace corral {
namespace {

using Values = std::vector<std::optional<double>>;

Values squeezed(const Values& values, std::size_t columns) {
    if (values.size() <= columns) return values;
    Values all(columns);
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::optional<double>& cell = all[i * columns / values.size()];
        cell = std::max(cell, values[i]);  // nothing is less than any value
    }
    return all;
}

}  // namespace

std::string sparkline(const Values& values, std::size_t columns) {
    constexpr std::array levels{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double most = 0;
    for (const auto& value : values) most = std::max(most, value.value_or(0));
    std::string line;
    for (const auto& value : squeezed(values, columns)) {
        const double share = most > 0 ? std::clamp(value.value_or(0) / most, 0.0, 1.0) : 0;
        const auto level = static_cast<std::size_t>(std::lround(share * (levels.size() - 1)));
        line += value ? levels[level] : " ";
    }
    return line;
}

}  // namespace corral
