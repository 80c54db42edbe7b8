// Where the text of an answer goes: into one response body, or event by event to the client.
#pragma once

#include "ipc/http.hpp"
#include "supervisor/openai.hpp"

namespace corral {

// Collects the whole answer before anything is sent.
class WholeAnswer final : public AnswerSink {
  public:
    awaitable<bool> write(const std::string& text) override;
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

// Sends the answer as server-sent events. The response begins with the first text, so that an error
// before it still has a status of its own.
class StreamedAnswer final : public AnswerSink {
  public:
    // `head` outlives this.
    StreamedAnswer(HttpExchange& exchange, const openai::AnswerHead& head, HttpHeaders headers);

    awaitable<bool> write(const std::string& text) override;
    awaitable<void> finish(const AnswerEnd& end, bool include_usage);
    // Only when started: the stream ends with an explicit error and no [DONE].
    awaitable<void> fail(const ApiError& error);
    bool started() const { return started_; }

  private:
    awaitable<bool> send(const std::string& events);

    HttpExchange& exchange_;
    const openai::AnswerHead& head_;
    HttpResponse response_;
    bool started_ = false;
};

}  // namespace corral
