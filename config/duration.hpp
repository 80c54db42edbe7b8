// Durations as people write them: a whole or decimal number and its unit, `250ms`, `1.5s`, `5m`,
// `1h`. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace corral {

// Nothing if the text is not a duration (no unit, a sign, a space) or has more than nine digits
// before the point. Rounded to whole milliseconds.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The shortest exact way to write it with a whole number: 90s, 2m, 250ms.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace corral
