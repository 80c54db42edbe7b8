// What the fake model is asked, decoded from one line of stdin (ipc/chat_line.hpp writes it; this
// reads it with code of its own, so that a mistake there cannot hide here), and what it answers.
// Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fake {

struct Conversation {
    std::vector<std::string> prompt;  // its tokens: for each entry the role and the text's
    std::string last_user;            // the last message of the role "user", "" if there is none
    std::string prefill;
};

// A line that does not begin with RS is a user's message as it stands. Throws ScriptError for an
// encoding that is wrong.
Conversation decode_line(std::string_view line);

// "Count to N." is answered "1 2 … N", everything else with itself. What `prefill` says already is
// left out if the answer begins with it.
std::string answer_to(const std::string& text, std::string_view prefill);

// A token is a word with the white space before it. An absurdly long word is cut, on a character's
// boundary: only a write of at most PIPE_BUF bytes is one packet.
std::vector<std::string> tokens_of(std::string_view text);

}  // namespace fake
