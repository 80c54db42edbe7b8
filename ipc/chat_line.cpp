#include "ipc/chat_line.hpp"

#include "ipc/utf8.hpp"

namespace corral {
namespace {

void append_escaped(std::string& line, std::string_view text) {
    for (const char c : text) {
        switch (c) {
            case '\n':
                line += {separators::escape, 'n'};
                break;
            case separators::record:
                line += {separators::escape, 'r'};
                break;
            case separators::unit:
                line += {separators::escape, 'u'};
                break;
            case separators::escape:
                line += {separators::escape, 'g'};
                break;
            default:
                line += c;
        }
    }
}

void append_entry(std::string& line, std::string_view role, std::string_view text) {
    line += separators::record;
    line += role;
    line += separators::unit;
    append_escaped(line, text);
}

}  // namespace

std::string unencodable(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return "contains a NUL character";
    if (!is_valid_utf8(text)) return "is not valid UTF-8";
    return "";
}

std::string encode_chat_line(const Conversation& conversation) {
    std::string line;
    for (const Message& message : conversation.messages)
        append_entry(line, message.role, message.text);
    if (!conversation.prefill.empty()) append_entry(line, "prefill", conversation.prefill);
    line += separators::record;
    return line;
}

}  // namespace corral
