#include "supervisor/chat_request.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>

namespace corral {
namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr std::size_t stops_max = 4;  // OpenAI's own limit
constexpr std::size_t stop_bytes_max = 1024;
constexpr std::size_t user_bytes_max = 256;

[[noreturn]] void refuse(const std::string& message, const std::string& param,
                         const std::string& code = "invalid_value") {
    throw ApiError(400, "invalid_request_error", code, message, param);
}

[[noreturn]] void unsupported(const std::string& param, const std::string& why) {
    refuse("'" + param + "' is not supported: " + why, param, "unsupported_parameter");
}

// The fields that are present: null means absent throughout OpenAI's API.
const json::value* find(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && !value->is_null() ? value : nullptr;
}

std::string text_of(const json::value& value, const std::string& param) {
    const std::string text(value.as_string());
    if (const std::string reason = unencodable(text); !reason.empty())
        refuse("'" + param + "' " + reason, param);
    return text;
}

bool flag(const json::object& object, std::string_view name, const std::string& param) {
    const json::value* value = find(object, name);
    if (!value) return false;
    if (!value->is_bool()) refuse("'" + param + "' must be true or false", param, "invalid_type");
    return value->get_bool();
}

double number(const json::value& value, const std::string& param) {
    error_code ec;
    const auto result = value.to_number<double>(ec);
    if (ec) refuse("'" + param + "' must be a number", param, "invalid_type");
    return result;
}

std::string content_of(const json::object& message, const std::string& param) {
    const json::value* content = find(message, "content");
    if (!content) refuse("'" + param + "' is missing", param, "missing_required_parameter");
    if (content->is_string()) return text_of(*content, param);
    if (!content->is_array())
        refuse("'" + param + "' must be a string or an array of text parts", param, "invalid_type");
    std::string text;
    std::size_t index = 0;
    for (const json::value& part : content->get_array()) {
        const std::string part_param = param + "[" + std::to_string(index++) + "]";
        const json::object* object = part.if_object();
        const json::value* type = object ? find(*object, "type") : nullptr;
        if (!type || !type->is_string())
            refuse("'" + part_param + "' must be an object with a type", part_param,
                   "invalid_type");
        if (type->get_string() != "text")
            unsupported(part_param + ".type", "only text can be sent to this model");
        const json::value* part_text = find(*object, "text");
        if (!part_text || !part_text->is_string())
            refuse("'" + part_param + ".text' must be a string", part_param + ".text",
                   "invalid_type");
        // As llama-server joins them.
        if (index > 1) text += '\n';
        text += text_of(*part_text, part_param + ".text");
    }
    return text;
}

std::string role_of(const json::object& message, const std::string& param) {
    const json::value* role = find(message, "role");
    if (!role || !role->is_string())
        refuse("'" + param + "' must be a string", param, "invalid_type");
    const std::string_view name = role->get_string();
    if (name == "system" || name == "user" || name == "assistant") return std::string(name);
    if (name == "developer") return "system";
    if (name == "tool" || name == "function") unsupported(param, "tools cannot be used here");
    refuse("'" + param + "' must be system, developer, user or assistant", param);
}

Conversation conversation_of(const json::object& body) {
    const json::value* messages = find(body, "messages");
    if (!messages || !messages->is_array() || messages->get_array().empty())
        refuse("'messages' must be an array with at least one message", "messages",
               "missing_required_parameter");
    Conversation conversation;
    for (const json::value& value : messages->get_array()) {
        const std::string param = "messages[" + std::to_string(conversation.messages.size()) + "]";
        const json::object* message = value.if_object();
        if (!message) refuse("'" + param + "' must be an object", param, "invalid_type");
        for (const char* field : {"tool_calls", "function_call", "audio"})
            if (find(*message, field)) unsupported(param + "." + field, "only text is");
        conversation.messages.push_back(
            {role_of(*message, param + ".role"), content_of(*message, param + ".content")});
    }
    // As in llama-server, a last message of the assistant is the beginning of the answer.
    if (conversation.messages.back().role == "assistant") {
        conversation.prefill = std::move(conversation.messages.back().text);
        conversation.messages.pop_back();
        if (conversation.prefill.empty())
            refuse("a last message of the assistant must not be empty: leave it out", "messages");
        if (conversation.messages.empty() || conversation.messages.back().role == "assistant")
            refuse(
                "'messages' must have a message before the assistant's last, not another of the "
                "assistant's",
                "messages");
    }
    return conversation;
}

std::vector<std::string> stops_of(const json::object& body) {
    const json::value* stop = find(body, "stop");
    if (!stop) return {};
    json::array one;
    if (stop->is_string()) one.push_back(*stop);
    const json::array& stops = stop->is_array() ? stop->get_array() : one;
    if (stops.size() > stops_max || (stops.empty() && !stop->is_array()))
        refuse("'stop' must be a string or an array of up to 4 strings", "stop");
    std::vector<std::string> result;
    for (const json::value& value : stops) {
        if (!value.is_string() || value.get_string().empty() ||
            value.get_string().size() > stop_bytes_max)
            refuse("'stop' must hold strings of 1 to 1024 bytes", "stop", "invalid_type");
        result.emplace_back(value.get_string());
    }
    return result;
}

std::optional<unsigned> max_tokens_of(const json::object& body) {
    for (const char* name : {"max_completion_tokens", "max_tokens"}) {
        const json::value* value = find(body, name);
        if (!value) continue;
        error_code ec;
        const auto tokens = value->to_number<std::int64_t>(ec);
        if (ec || tokens < 1)
            refuse("'" + std::string(name) + "' must be a whole number of at least 1", name);
        return static_cast<unsigned>(std::min<std::int64_t>(tokens, 1'000'000'000));
    }
    return std::nullopt;
}

std::string user_of(const json::object& body) {
    const json::value* user = find(body, "user");
    if (!user) return "";
    if (!user->is_string() || user->get_string().size() > user_bytes_max)
        refuse("'user' must be a string of at most 256 bytes", "user", "invalid_type");
    return std::string(user->get_string());
}

void refuse_what_the_pipe_cannot(const json::object& body) {
    const auto non_empty = [&](const char* name) {
        const json::value* value = find(body, name);
        return value && !(value->is_array() && value->get_array().empty());
    };
    for (const char* name : {"tools", "functions"})
        if (non_empty(name)) unsupported(name, "llama-cli's pipe carries no tool calls");
    for (const char* name : {"audio", "prediction", "web_search_options", "grammar", "json_schema"})
        if (find(body, name)) unsupported(name, "llama-cli's pipe cannot carry it");
    if (const json::value* format = find(body, "response_format")) {
        const json::object* object = format->if_object();
        const json::value* type = object ? find(*object, "type") : nullptr;
        if (!type || !type->is_string() || type->get_string() != "text")
            unsupported("response_format", "only {\"type\": \"text\"} is");
    }
    if (const json::value* n = find(body, "n"); n && number(*n, "n") != 1)
        unsupported("n", "a request has one answer; send it several times");
    if (flag(body, "logprobs", "logprobs"))
        unsupported("logprobs", "llama-cli does not tell probabilities");
    if (const json::value* top = find(body, "top_logprobs");
        top && number(*top, "top_logprobs") != 0)
        unsupported("top_logprobs", "llama-cli does not tell probabilities");
    if (const json::value* modalities = find(body, "modalities")) {
        const json::array* list = modalities->if_array();
        if (!list || list->size() != 1 || list->front() != json::value("text"))
            unsupported("modalities", "only [\"text\"] is");
    }
}

constexpr std::string_view sampling_names[] = {
    "temperature",       "top_k",           "top_p", "min_p", "repeat_penalty", "seed",
    "frequency_penalty", "presence_penalty"};
// Fields whose meaning is honoured, or is checked above to be the only one there is.
constexpr std::string_view known_names[] = {"messages",
                                            "model",
                                            "stream",
                                            "stream_options",
                                            "max_tokens",
                                            "max_completion_tokens",
                                            "stop",
                                            "user",
                                            "tools",
                                            "functions",
                                            "response_format",
                                            "n",
                                            "logprobs",
                                            "top_logprobs",
                                            "modalities"};

void sort_fields(const json::object& body, ChatRequest& request) {
    for (const auto& [key, value] : body) {
        const std::string_view name = key;
        if (value.is_null()) continue;
        if (std::ranges::find(sampling_names, name) != std::end(sampling_names)) {
            request.sampling.push_back({std::string(name), number(value, std::string(name))});
        } else if (std::ranges::find(known_names, name) == std::end(known_names)) {
            request.ignored.emplace_back(name);
        }
    }
}

bool is_header_safe(std::string_view name) {
    return !name.empty() &&
           std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

}  // namespace

ChatRequest parse_chat_request(std::string_view text) {
    error_code ec;
    json::parse_options options;
    options.max_depth = 16;
    const json::value parsed = json::parse(text, ec, {}, options);
    if (ec)
        throw ApiError(400, "invalid_request_error", "invalid_json",
                       "the request body is not valid JSON: " + ec.message());
    const json::object* body = parsed.if_object();
    if (!body) refuse("the request body must be a JSON object", "", "invalid_type");
    refuse_what_the_pipe_cannot(*body);

    ChatRequest request;
    request.conversation = conversation_of(*body);
    if (const json::value* model = find(*body, "model")) {
        if (!model->is_string()) refuse("'model' must be a string", "model", "invalid_type");
        request.model = model->get_string();
    }
    request.user = user_of(*body);
    request.stream = flag(*body, "stream", "stream");
    if (const json::value* value = find(*body, "stream_options")) {
        const json::object* stream_options = value->if_object();
        if (!stream_options)
            refuse("'stream_options' must be an object", "stream_options", "invalid_type");
        if (!request.stream)
            refuse("'stream_options' is only for streams; set 'stream' too", "stream_options");
        request.include_usage =
            flag(*stream_options, "include_usage", "stream_options.include_usage");
    }
    request.max_tokens = max_tokens_of(*body);
    request.stop = stops_of(*body);
    sort_fields(*body, request);
    return request;
}

std::vector<std::string> ignored_fields(const ChatRequest& request, const PoolConfig& pool) {
    const Sampling& fixed = pool.sampling;
    const std::map<std::string_view, double> values = {
        {"temperature", fixed.temperature},
        {"top_k", fixed.top_k},
        {"top_p", fixed.top_p},
        {"min_p", fixed.min_p},
        {"repeat_penalty", fixed.repeat_penalty},
        {"seed", static_cast<double>(fixed.seed)},
        {"frequency_penalty", 0},
        {"presence_penalty", 0},
    };
    std::vector<std::string> names;
    for (const GivenSampling& given : request.sampling)
        if (std::abs(given.value - values.at(given.name)) > 1e-6) names.push_back(given.name);
    // A client's own words become a header's value only if they cannot break it.
    for (const std::string& name : request.ignored)
        names.push_back(is_header_safe(name) ? name.substr(0, 64) : "(unknown field)");
    return names;
}

}  // namespace corral
