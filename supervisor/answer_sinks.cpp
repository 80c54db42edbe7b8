#include "supervisor/answer_sinks.hpp"

namespace corral {

awaitable<bool> WholeAnswer::write(const std::string& text) {
    text_ += text;
    co_return true;
}

StreamedAnswer::StreamedAnswer(HttpExchange& exchange, const openai::AnswerHead& head,
                               HttpHeaders headers)
    : exchange_(exchange), head_(head), response_{200, std::move(headers), ""} {
    response_.headers["Content-Type"] = "text/event-stream";
    response_.headers["Cache-Control"] = "no-cache";
}

awaitable<bool> StreamedAnswer::write(const std::string& text) {
    const std::string event = openai::chunk(head_, text, !started_);
    const bool sent = co_await send(event);
    co_return sent;
}

awaitable<void> StreamedAnswer::finish(const AnswerEnd& end, bool include_usage) {
    const std::string events = openai::last_chunks(head_, end, !started_, include_usage);
    const bool sent = co_await send(events);
    if (sent) co_await exchange_.end_stream();
}

awaitable<void> StreamedAnswer::fail(const ApiError& error) {
    const std::string event = openai::error_event(error);
    const bool sent = co_await send(event);
    if (sent) co_await exchange_.end_stream();
}

awaitable<bool> StreamedAnswer::send(const std::string& events) {
    if (!started_) {
        started_ = true;
        const bool begun = co_await exchange_.start_stream(response_);
        if (!begun) co_return false;
    }
    const bool sent = co_await exchange_.send(events);
    co_return sent;
}

}  // namespace corral
