// The body of POST /v1/chat/completions, checked: what the pipe can do is taken, what it cannot do
// is refused by name, and what differs from the pool's fixed sampling is listed. Nothing is
// silently dropped. Pure.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "ipc/chat_line.hpp"

namespace corral {

// An error in OpenAI's shape. `status` is HTTP's; `param` names the offending parameter, "" if none
// does.
struct ApiError : std::runtime_error {
    ApiError(int status_code, std::string error_type, std::string error_code,
             const std::string& text, std::string parameter = "")
        : std::runtime_error(text),
          status(status_code),
          type(std::move(error_type)),
          code(std::move(error_code)),
          param(std::move(parameter)) {}
    int status;
    std::string type;
    std::string code;
    std::string param;
    unsigned retry_after_seconds = 0;  // 0: do not say
};

// A sampling parameter that a client gave, as text ("temperature=0.7") and as a number to compare.
struct GivenSampling {
    std::string name;
    double value;
};

struct ChatRequest {
    Conversation conversation;
    std::string model;  // "" if the client named none
    std::string user;   // whom the client asks for; "" if it does not say
    bool stream = false;
    bool include_usage = false;
    std::optional<unsigned> max_tokens;
    std::vector<std::string> stop;
    std::vector<GivenSampling> sampling;
    std::vector<std::string> ignored;  // names of fields that have no effect here
};

// Throws ApiError (400).
ChatRequest parse_chat_request(std::string_view body);

// The names of what `request` asks for and `pool` does not do: fields without effect, and sampling
// unlike the pool's.
std::vector<std::string> ignored_fields(const ChatRequest& request, const PoolConfig& pool);

}  // namespace corral
