// Fuzz target: any body of a chat request through parse_chat_request() and on to the line that
// llama-cli gets.
#include "supervisor/chat_request.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "ipc/utf8.hpp"
#include "tests/fuzz/cuts.hpp"
#include "tests/fuzz/property.hpp"

using namespace corral;
using fuzz::require;
namespace json = boost::json;

namespace {

std::string unescaped(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != separators::escape) {
            plain += text[i];
            continue;
        }
        require(++i < text.size(), "an escape has a letter");
        const std::size_t letter = std::string_view("nrug").find(text[i]);
        require(letter != std::string_view::npos, "an escape is a known one");
        plain += "\n\x1e\x1f\x1d"[letter];
    }
    return plain;
}

// What the template inside llama-cli makes of the line (ipc/chat_template.hpp).
Conversation decode_chat_line(std::string_view line) {
    Conversation conversation;
    while (line.size() > 1) {
        line.remove_prefix(1);
        const std::string_view entry = line.substr(0, line.find(separators::record));
        line.remove_prefix(entry.size());
        const std::size_t unit = entry.find(separators::unit);
        require(unit != entry.npos, "an entry has a role");
        const std::string text = unescaped(entry.substr(unit + 1));
        if (entry.starts_with("prefill")) {
            conversation.prefill = text;
        } else {
            conversation.messages.push_back({std::string(entry.substr(0, unit)), text});
        }
    }
    return conversation;
}

void check_line(const Conversation& conversation) {
    const std::string line = encode_chat_line(conversation);
    require(line.front() == separators::record && line.back() == separators::record,
            "a line begins and ends with RS: llama-cli takes it for no command");
    require(line.find('\n') == line.npos, "a conversation is one line");
    require(unencodable(line).empty(), "llama-cli can read the line");
    const Conversation decoded = decode_chat_line(line);
    require(decoded.messages == conversation.messages && decoded.prefill == conversation.prefill,
            "the conversation comes out of the line as it went in");
}

std::string written_again(const ChatRequest& request) {
    json::array messages;
    for (const Message& message : request.conversation.messages)
        messages.push_back(json::object{{"role", message.role}, {"content", message.text}});
    if (const std::string& prefill = request.conversation.prefill; !prefill.empty())
        messages.push_back(json::object{{"role", "assistant"}, {"content", prefill}});
    json::object body{{"messages", messages}, {"model", request.model}};
    if (request.stream) {
        body["stream"] = true;
        body["stream_options"] = {{"include_usage", request.include_usage}};
    }
    if (request.max_tokens) body["max_tokens"] = *request.max_tokens;
    body["stop"] = json::value_from(request.stop);
    return json::serialize(body);
}

void check_request(const ChatRequest& request) {
    const Conversation& conversation = request.conversation;
    require(!conversation.messages.empty(), "there is a message to answer");
    for (const Message& message : conversation.messages)
        require(message.role == "system" || message.role == "user" || message.role == "assistant",
                "llama-cli knows the role");
    require(conversation.prefill.empty() || conversation.messages.back().role != "assistant",
            "an answer's beginning answers somebody");
    require(!request.include_usage || request.stream, "usage is for streams");
    require(request.max_tokens.value_or(1) >= 1, "an answer may have a token");
    require(request.stop.size() <= 4, "there are at most 4 stops");
    for (const std::string& stop : request.stop)
        require(!stop.empty() && stop.size() <= 1024, "a stop has 1 to 1024 bytes");
    for (const std::string& name : ignored_fields(request, PoolConfig{}))
        require(!name.empty() && std::ranges::all_of(name, [](char c) { return c >= ' '; }),
                "a client's words cannot break a header");
    check_line(conversation);

    const ChatRequest again = parse_chat_request(written_again(request));
    require(again.conversation.messages == conversation.messages &&
                again.conversation.prefill == conversation.prefill,
            "a request written again has the same conversation");
    require(again.model == request.model && again.stream == request.stream &&
                again.include_usage == request.include_usage &&
                again.max_tokens == request.max_tokens && again.stop == request.stop,
            "a request written again asks for the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::optional<ChatRequest> request;
    try {
        request = parse_chat_request(fuzz::as_text(data, size));
    } catch (const ApiError& error) {
        require(error.status == 400 && error.type == "invalid_request_error" && !error.code.empty(),
                "a refusal is the client's error, in OpenAI's words");
        require(is_valid_utf8(error.what()) && is_valid_utf8(error.param), "a refusal is text");
    }
    if (request) check_request(*request);
    return 0;
}
