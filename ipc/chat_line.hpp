// A conversation and its encoding as one line of llama-cli's stdin. llama-cli takes one user
// message per line and gives lines that start with '/' or end in '\' a meaning of their own, so the
// whole conversation travels inside one message that starts and ends with RS; the template of
// ipc/chat_template.hpp unpacks it inside llama-cli. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace corral {

struct Message {
    std::string role;
    std::string text;
    bool operator==(const Message&) const = default;
};

struct Conversation {
    std::vector<Message> messages;
    std::string
        prefill;  // the answer's beginning, given by the client; generation continues from it
};

// Record, unit and group separator. In a message's text each is written as GS and a letter, and so
// is the newline: nothing of a text is lost, whatever it holds.
namespace separators {
constexpr char record = '\x1e';
constexpr char unit = '\x1f';
constexpr char escape = '\x1d';
}  // namespace separators

// What llama-cli cannot be given in `text`: "" if nothing, else the reason. NUL would cut the line
// and bytes that are not UTF-8 kill llama-cli 0.7.0 (an uncaught exception of its JSON library).
std::string unencodable(std::string_view text);

// Requires every text to be encodable. The line carries no newline.
std::string encode_chat_line(const Conversation& conversation);

}  // namespace corral
