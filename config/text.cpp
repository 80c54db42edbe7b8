#include "config/text.hpp"

#include <algorithm>
#include <cstdio>

namespace corral {

namespace {

constexpr std::size_t shown_bytes_max = 60;

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Length of the UTF-8 sequence at the start of the text; 0 if there is no valid one (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t sequence_length(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    if (lead < 0x80) return 1;
    const std::size_t length = lead < 0xc2    ? 0
                               : lead < 0xe0  ? 2
                               : lead < 0xf0  ? 3
                               : lead <= 0xf4 ? 4
                                              : 0;
    if (length == 0 || text.size() < length) return 0;
    if (!std::ranges::all_of(text.substr(1, length - 1), is_continuation)) return 0;
    const auto second = static_cast<unsigned char>(text[1]);
    if (lead == 0xe0 && second < 0xa0) return 0;
    if (lead == 0xed && second > 0x9f) return 0;
    if (lead == 0xf0 && second < 0x90) return 0;
    if (lead == 0xf4 && second > 0x8f) return 0;
    return length;
}

}  // namespace

std::optional<std::size_t> find_unreadable_byte(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (is_control(c) && c != '\t' && c != '\n' && c != '\r') return at;
        const std::size_t length = sequence_length(text.substr(at));
        if (length == 0) return at;
        at += length;
    }
    return std::nullopt;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool has_control_character(std::string_view text) {
    return std::ranges::any_of(text, is_control);
}

std::string quoted(std::string_view text) {
    std::string shown = "\"";
    std::size_t at = 0;
    while (at < text.size() && at < shown_bytes_max) {
        const std::size_t length = sequence_length(text.substr(at));
        if (length == 0 || is_control(text[at])) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\x%02x", static_cast<unsigned char>(text[at]));
            shown += text[at] == '\n' ? "\\n" : escaped;
            at += 1;
        } else {
            shown += text.substr(at, length);
            at += length;
        }
    }
    return shown + (at < text.size() ? "...\"" : "\"");
}

std::string shown_key(std::string_view key) {
    const bool plain = !key.empty() && key.size() <= shown_bytes_max && !has_control_character(key);
    return plain ? std::string(key) : quoted(key);
}

}  // namespace corral
