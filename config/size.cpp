#include "config/size.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace corral {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t bytes;
};

// Largest first: format_size takes the first one that divides.
constexpr std::array<Unit, 4> units{{{"T", std::uint64_t{1} << 40},
                                     {"G", std::uint64_t{1} << 30},
                                     {"M", std::uint64_t{1} << 20},
                                     {"K", std::uint64_t{1} << 10}}};
constexpr std::size_t whole_digits_max = 9;

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const std::size_t number_end = std::min(text.find_first_not_of("0123456789."), text.size());
    const std::string_view number = text.substr(0, number_end);
    std::string_view unit_name = text.substr(number_end);
    if (unit_name.ends_with("iB")) unit_name.remove_suffix(2);

    const std::size_t point = std::min(number.find('.'), number.size());
    if (point == 0 || point > whole_digits_max || point + 1 == number.size()) return std::nullopt;
    double value = 0;
    const char* const end = number.data() + number.size();
    if (std::from_chars(number.data(), end, value, std::chars_format::fixed).ptr != end)
        return std::nullopt;
    const auto* const unit = std::ranges::find(units, unit_name, &Unit::name);
    if (unit == units.end()) return std::nullopt;
    const double bytes = value * static_cast<double>(unit->bytes);
    if (bytes >= 0x1p62) return std::nullopt;
    return static_cast<std::uint64_t>(std::llround(bytes));
}

std::string format_size(std::uint64_t bytes) {
    if (bytes == 0) return "0M";
    for (const Unit& unit : units) {
        if (bytes % unit.bytes == 0) return std::to_string(bytes / unit.bytes).append(unit.name);
    }
    return std::to_string((bytes + 1023) / 1024) + "K";
}

}  // namespace corral
