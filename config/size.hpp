// Sizes of memory as people write them: a whole or decimal number and a unit of 1024s, `512M`,
// `1.5G`, `8GiB`; and a part of something as a size or a percentage. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace corral {

// Nothing if the text is not a size (no unit, a sign, a space) or has more than nine digits before
// the point.
std::optional<std::uint64_t> parse_size(std::string_view text);

// The shortest exact way to write it with a whole number: 512M, 1536M, 8G.
std::string format_size(std::uint64_t bytes);

// What is kept free: so many bytes, or so many percent of all there is.
struct Share {
    unsigned percent = 0;
    std::uint64_t bytes = 0;  // when percent is 0

    std::uint64_t of(std::uint64_t all) const {
        return percent == 0 ? bytes : all / 100 * percent + all % 100 * percent / 100;
    }
    bool operator==(const Share&) const = default;
};

}  // namespace corral
