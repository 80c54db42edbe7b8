#include "cli/chat_call.hpp"

#include <boost/json.hpp>

namespace corral {
namespace {

namespace json = boost::json;

constexpr std::size_t error_bytes_max = 64 * 1024;

HttpRequest chat_request(const ChatCall& call, bool stream) {
    return {"POST",
            "/v1/chat/completions",
            {{"Content-Type", "application/json"}},
            request_body(call, stream)};
}

CallFailure failure_of(const Answer& answer) {
    if (!answer.error.empty()) return {ExitCode::failed, "the answer failed: " + answer.error};
    if (!answer.complete)
        return {ExitCode::failed, "the answer broke off: the server ended it without its end mark"};
    return {};
}

}  // namespace

std::string request_body(const ChatCall& call, bool stream) {
    json::array messages;
    for (const ChatTurn& turn : call.messages)
        messages.push_back(json::object{{"role", turn.role}, {"content", turn.text}});
    json::object body{{"messages", std::move(messages)}, {"stream", stream}};
    if (!call.model.empty()) body["model"] = call.model;
    if (call.max_tokens) body["max_tokens"] = *call.max_tokens;
    return json::serialize(body);
}

CallFailure call_streamed(const HttpTarget& target, const ChatCall& call, const OnText& on_text,
                          Answer& answer) {
    AnswerStream stream;
    std::string refusal;
    bool wanted = true;
    const OnBody on_body = [&](const HttpResponse& head, std::string_view bytes) {
        if (head.status != 200) {
            refusal += bytes;
            return refusal.size() < error_bytes_max;
        }
        const std::string text = stream.feed(bytes);
        answer = stream.answer();
        wanted = text.empty() || on_text(text);
        return wanted && answer.error.empty();
    };
    return guarded([&]() -> CallFailure {
        HttpResponse response = http_exchange(target, chat_request(call, true), on_body);
        response.body = refusal;
        if (response.status != 200) return corral::failure_of(response);
        return wanted ? failure_of(answer) : CallFailure{};
    });
}

CallFailure call_whole(const HttpTarget& target, const ChatCall& call, Answer& answer,
                       std::string& json) {
    return guarded([&]() -> CallFailure {
        const HttpResponse response = http_exchange(target, chat_request(call, false));
        if (response.status != 200) return corral::failure_of(response);
        json = response.body;
        answer = parse_completion(response.body);
        return failure_of(answer);
    });
}

}  // namespace corral
