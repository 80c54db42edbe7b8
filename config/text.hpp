// Pure helpers for text that may come from anywhere: is it text at all, and how is it shown in a
// one-line message.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace corral {

// Offset of the first byte that is not part of valid UTF-8, or is a control character other than
// tab and line ends.
std::optional<std::size_t> find_unreadable_byte(std::string_view text);

bool is_utf8(std::string_view text);

// True if the text has a control character (line ends included).
bool has_control_character(std::string_view text);

// The text in double quotes on one line: control characters escaped, and cut after 60 bytes.
std::string quoted(std::string_view text);

// A key as it stands in the path of a message: keys come from the file and may hold anything, so
// those that are not short plain text are quoted.
std::string shown_key(std::string_view key);

}  // namespace corral
