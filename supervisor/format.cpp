#include "supervisor/format.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace corral {
namespace {

std::string two_units(std::uint64_t large, const char* large_unit, std::uint64_t small,
                      const char* small_unit) {
    char text[64];
    std::snprintf(text, sizeof text, "%llu%s %02llu%s", static_cast<unsigned long long>(large),
                  large_unit, static_cast<unsigned long long>(small), small_unit);
    return text;
}

}  // namespace

std::string format_seconds(double seconds) {
    char text[32];
    if (!std::isfinite(seconds)) return "?";
    seconds = std::clamp(seconds, 0.0, 1e15);
    if (seconds < 9.95) {
        std::snprintf(text, sizeof text, "%.1f s", seconds);
        return text;
    }
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < 60) return std::to_string(whole) + " s";
    if (whole < 3600) return two_units(whole / 60, "m", whole % 60, "s");
    if (whole < 86400) return two_units(whole / 3600, "h", whole % 3600 / 60, "m");
    return two_units(whole / 86400, "d", whole % 86400 / 3600, "h");
}

std::string format_bytes(std::uint64_t bytes) {
    constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    double size = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (size >= 999.5 && unit + 1 < units.size()) {
        size /= 1024;
        ++unit;
    }
    const int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    char text[32];
    std::snprintf(text, sizeof text, "%.*f %s", decimals, size, units[unit]);
    return text;
}

}  // namespace corral
