// One POST /v1/chat/completions as ask and chat make it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/answer_stream.hpp"
#include "cli/connection.hpp"

namespace corral {

struct ChatTurn {
    std::string role;
    std::string text;  // UTF-8
};

struct ChatCall {
    std::vector<ChatTurn> messages;
    std::string model;  // "": the server's first
    std::optional<unsigned> max_tokens;
};

// The request's JSON. Pure.
std::string request_body(const ChatCall& call, bool stream);

// Text as it arrives; false if no more is wanted.
using OnText = std::function<bool(const std::string& text)>;

// Streams the answer; `answer` holds what came of it, also after a failure or ExchangeStopped.
CallFailure call_streamed(const HttpTarget& target, const ChatCall& call, const OnText& on_text,
                          Answer& answer);

// The whole answer at once; `json` is what the server said, word for word.
CallFailure call_whole(const HttpTarget& target, const ChatCall& call, Answer& answer,
                       std::string& json);

}  // namespace corral
