#include "config/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace corral {

namespace {

struct Unit {
    std::string_view name;
    long long milliseconds;
};

// Longest first: format_duration takes the first one that divides.
constexpr std::array<Unit, 4> units{{{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::string_view digits = "0123456789";
constexpr std::size_t whole_digits_max = 9;

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const std::size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view number = text.substr(0, number_end);
    const std::string_view unit_name = text.substr(number_end);

    const std::size_t point = std::min(number.find('.'), number.size());
    if (point == 0 || point > whole_digits_max) return std::nullopt;
    if (point != number.size()) {
        const std::string_view fraction = number.substr(point + 1);
        if (fraction.empty() || fraction.find_first_not_of(digits) != fraction.npos) {
            return std::nullopt;
        }
    }
    double value = 0;
    const char* const end = number.data() + number.size();
    if (std::from_chars(number.data(), end, value, std::chars_format::fixed).ptr != end) {
        return std::nullopt;
    }
    for (const Unit& unit : units) {
        if (unit.name != unit_name) continue;
        const double total = value * static_cast<double>(unit.milliseconds);
        return std::chrono::milliseconds(std::llround(total));
    }
    return std::nullopt;
}

std::string format_duration(std::chrono::milliseconds duration) {
    const auto count = static_cast<long long>(duration.count());
    if (count == 0) return "0s";
    for (const Unit& unit : units) {
        if (count % unit.milliseconds != 0) continue;
        return std::to_string(count / unit.milliseconds).append(unit.name);
    }
    return {};  // not reached: every count divides by one millisecond
}

}  // namespace corral
