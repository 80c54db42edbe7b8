#include "cli/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace corral {
namespace {

bool starts_code_point(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

}  // namespace

bool is_terminal(int fd) {
    const char* kind = std::getenv("TERM");
    return isatty(fd) == 1 && kind && std::string_view(kind) != "dumb";
}

TerminalSize terminal_size(int fd) {
    winsize size{};
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {80, 24};
    return {size.ws_col, size.ws_row};
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd state{fd, POLLOUT, 0};
            ::poll(&state, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

std::string harmless(std::string_view utf8) {
    std::string text;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        const auto next = i + 1 < utf8.size() ? static_cast<unsigned char>(utf8[i + 1]) : 0;
        const bool c1 = byte == 0xC2 && next >= 0x80 && next < 0xA0;  // U+0080 to U+009F
        if (c1) ++i;
        if (c1 || byte == 0x7F || (byte < 0x20 && byte != '\n' && byte != '\t')) continue;
        text += utf8[i];
    }
    return text;
}

std::string one_line(std::string_view utf8) {
    std::string text = harmless(utf8);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\t', ' ');
    return text;
}

std::size_t display_width(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), starts_code_point));
}

std::string cropped(std::string_view utf8, std::size_t columns) {
    if (display_width(utf8) <= columns) return std::string(utf8);
    if (columns == 0) return "";
    std::size_t seen = 0;
    const auto cut = std::find_if(utf8.begin(), utf8.end(), [&](char byte) {
        return starts_code_point(byte) && ++seen == columns;
    });
    return std::string(utf8.begin(), cut) + "…";
}

}  // namespace corral
