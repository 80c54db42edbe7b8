#include "cli/answer_stream.hpp"

#include <boost/json.hpp>

#include "cli/terminal.hpp"

namespace corral {
namespace {

namespace json = boost::json;

constexpr std::size_t quoted_bytes_max = 200;

const json::value* at_path(const json::value& value, const char* pointer) {
    error_code ignored;
    return value.find_pointer(pointer, ignored);
}

// The string at a JSON pointer, "" if there is none.
std::string text_at(const json::value& value, const char* pointer) {
    const json::value* found = at_path(value, pointer);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::string error_of(const json::value& value) {
    const json::value* error = at_path(value, "/error");
    if (!error || error->is_null()) return "";
    const std::string message = text_at(value, "/error/message");
    return message.empty() ? json::serialize(*error) : message;
}

json::value parse(std::string_view text) {
    error_code ec;
    json::value value = json::parse(text, ec);
    return ec ? json::value() : value;
}

}  // namespace

std::string AnswerStream::feed(std::string_view bytes) {
    std::string text;
    for (const std::string& data : events_.feed(bytes)) text += take_event(data);
    if (events_.overflowed()) answer_.error = "an event of the answer is longer than 1 MiB";
    answer_.text += text;
    return text;
}

std::string AnswerStream::take_event(const std::string& data) {
    if (answer_.complete || !answer_.error.empty()) return "";
    if (data == "[DONE]") {
        answer_.complete = true;
        return "";
    }
    const json::value event = parse(data);
    if (!event.is_object()) {
        answer_.error = "an event of the answer is not JSON: " + data.substr(0, quoted_bytes_max);
        return "";
    }
    answer_.error = error_of(event);
    const std::string reason = text_at(event, "/choices/0/finish_reason");
    if (!reason.empty()) answer_.finish_reason = reason;
    return text_at(event, "/choices/0/delta/content");
}

Answer parse_completion(std::string_view body) {
    const json::value value = parse(body);
    Answer answer;
    answer.error = error_of(value);
    const json::value* text = at_path(value, "/choices/0/message/content");
    if (answer.error.empty() && (!text || !text->is_string()))
        answer.error = "the answer is not a chat completion: " + error_message(body);
    answer.text = text_at(value, "/choices/0/message/content");
    answer.finish_reason = text_at(value, "/choices/0/finish_reason");
    answer.complete = answer.error.empty();
    return answer;
}

std::string error_message(std::string_view body) {
    const std::string message = error_of(parse(body));
    if (!message.empty()) return one_line(message);
    return body.empty() ? "no reason given" : one_line(body.substr(0, quoted_bytes_max));
}

}  // namespace corral
