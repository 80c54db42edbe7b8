#include "supervisor/openai.hpp"

#include <boost/json.hpp>
#include <chrono>
#include <random>

namespace corral::openai {
namespace {

namespace json = boost::json;

// `resumed` is an addition to OpenAI's: how often another worker went on with the answer.
json::value usage_json(const Usage& usage, unsigned resumed) {
    if (!usage.prompt_tokens || !usage.completion_tokens) return nullptr;
    return {{"prompt_tokens", *usage.prompt_tokens},
            {"completion_tokens", *usage.completion_tokens},
            {"total_tokens", *usage.prompt_tokens + *usage.completion_tokens},
            {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens.value_or(0)}}},
            {"resumed", resumed}};
}

const char* reason_name(Finish::Reason reason) {
    return reason == Finish::Reason::length ? "length" : "stop";
}

json::object chunk_json(const AnswerHead& head, json::array choices) {
    return {{"id", head.id},
            {"object", "chat.completion.chunk"},
            {"created", head.created},
            {"model", head.model},
            {"choices", std::move(choices)}};
}

json::array one_choice(json::object delta, json::value finish_reason) {
    return {json::object{{"index", 0},
                         {"delta", std::move(delta)},
                         {"logprobs", nullptr},
                         {"finish_reason", std::move(finish_reason)}}};
}

std::string event(const json::value& data) {
    return "data: " + json::serialize(data) + "\n\n";
}

json::object delta_json(const std::string& text, bool first) {
    json::object delta;
    if (first) delta["role"] = "assistant";
    if (first || !text.empty()) delta["content"] = text;
    return delta;
}

json::object error_json(const ApiError& error) {
    json::object inner{{"message", error.what()}, {"type", error.type}, {"param", nullptr}};
    if (!error.param.empty()) inner["param"] = error.param;
    inner["code"] = error.code;
    return {{"error", std::move(inner)}};
}

}  // namespace

AnswerHead new_head(const std::string& model) {
    static std::mt19937_64 random{std::random_device{}()};
    char id[40];
    std::snprintf(id, sizeof id, "chatcmpl-%016llx", static_cast<unsigned long long>(random()));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {id, std::chrono::duration_cast<std::chrono::seconds>(now).count(), model};
}

std::string completion(const AnswerHead& head, const std::string& text, const AnswerEnd& end) {
    const json::object message{{"role", "assistant"}, {"content", text}, {"refusal", nullptr}};
    const json::object choice{{"index", 0},
                              {"message", message},
                              {"logprobs", nullptr},
                              {"finish_reason", reason_name(end.finish.reason)}};
    return json::serialize(json::object{{"id", head.id},
                                        {"object", "chat.completion"},
                                        {"created", head.created},
                                        {"model", head.model},
                                        {"choices", json::array{choice}},
                                        {"usage", usage_json(end.finish.usage, end.resumed)}});
}

std::string chunk(const AnswerHead& head, const std::string& text, bool first) {
    return event(chunk_json(head, one_choice(delta_json(text, first), nullptr)));
}

std::string last_chunks(const AnswerHead& head, const AnswerEnd& end, bool first,
                        bool include_usage) {
    std::string events =
        event(chunk_json(head, one_choice(delta_json("", first), reason_name(end.finish.reason))));
    if (include_usage) {
        json::object last = chunk_json(head, {});
        last["usage"] = usage_json(end.finish.usage, end.resumed);
        events += event(last);
    }
    return events + "data: [DONE]\n\n";
}

std::string error_event(const ApiError& error) {
    return event(error_json(error));
}

std::string error_body(const ApiError& error) {
    return json::serialize(error_json(error));
}

std::string error_body(int status, const std::string& message) {
    const bool client = status < 500;
    return error_body(ApiError(status, client ? "invalid_request_error" : "server_error",
                               client ? "bad_request" : "unavailable", message));
}

}  // namespace corral::openai
