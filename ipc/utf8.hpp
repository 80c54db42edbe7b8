// Well-formed UTF-8, and what is not (Unicode 15, table 3-7: no overlong forms, no surrogates, at
// most U+10FFFF).
#pragma once

#include <string>
#include <string_view>

namespace corral {

bool is_valid_utf8(std::string_view bytes);
// With U+FFFD in the place of each byte that belongs to no well-formed sequence.
std::string to_valid_utf8(std::string_view bytes);

}  // namespace corral
