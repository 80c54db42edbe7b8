// What the subcommands need of a terminal: writing that survives a closed pipe, and text that
// cannot take the screen over.
#pragma once

#include <string>
#include <string_view>

namespace corral {

struct TerminalSize {
    unsigned columns;
    unsigned rows;
};

// A terminal that understands cursor movements.
bool is_terminal(int fd);
TerminalSize terminal_size(int fd);  // 80 x 24 if it does not say

// Writes everything, also to a descriptor that is non-blocking; false with errno set if that
// failed (EPIPE: the reader went away).
bool write_all(int fd, std::string_view bytes);

// The text without the control characters that move the cursor, change colours or answer back:
// what a model says or a file contains is not to command a terminal. Newlines and tabs stay.
std::string harmless(std::string_view utf8);

// The same on a single line.
std::string one_line(std::string_view utf8);

// Columns that the text takes, counting each code point as one.
std::size_t display_width(std::string_view utf8);
// At most `columns` wide; what is cut ends in an ellipsis.
std::string cropped(std::string_view utf8, std::size_t columns);

}  // namespace corral
