// What the events of a streamed chat completion, or the JSON of a whole one, say. Pure. One per
// answer, fed by chat_call.
#pragma once

#include <string>
#include <string_view>

#include "cli/sse.hpp"
#include "ipc/http.hpp"

namespace corral {

struct Answer {
    std::string text;
    std::string finish_reason;  // "" as long as none was told
    std::string error;          // "" unless the answer failed
    bool complete = false;      // nothing is missing
};

class AnswerStream {
  public:
    // Returns the text that came with `bytes`.
    std::string feed(std::string_view bytes);
    const Answer& answer() const { return answer_; }

  private:
    std::string take_event(const std::string& data);

    SseParser events_;
    Answer answer_;
};

// The body of an answer that was not streamed.
Answer parse_completion(std::string_view body);

// The message of an error body in OpenAI's shape; the start of the body if it has another one.
std::string error_message(std::string_view body);

}  // namespace corral
