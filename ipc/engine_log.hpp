// Reads llama-cli's stderr (-lv 4) for what stdout does not tell: token counts and errors of the
// current answer, and the last complaint before a death. Pure state machine fed with bytes. Every
// figure is optional: llama.cpp's log is no interface, so a line that changed makes a figure
// unknown and never a request fail. Never holds message text.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace corral {

// The engine's own counts for one answer.
struct Usage {
    std::optional<unsigned> prompt_tokens;
    std::optional<unsigned>
        cached_tokens;  // of the prompt tokens, those reused from the prefix cache
    std::optional<unsigned>
        completion_tokens;  // with the end-of-turn token, as llama-server counts
};

class EngineLog {
  public:
    // Forgets the last answer's figures; lines that still come for it are told apart by their task
    // number.
    void begin_answer();
    void feed(std::string_view bytes);

    const Usage& usage() const { return usage_; }
    bool generating() const { return generating_; }  // the prompt was accepted
    bool finished() const { return finished_; }      // nothing more will be logged for this answer
    bool failed() const { return failed_; }          // the engine refused or gave up
    bool cancelled() const { return cancelled_; }    // stopped before its end, by a SIGINT
    bool truncated() const { return truncated_; }    // the context ran full
    // The first and the last error line of the process, "" if it logged none.
    const std::string& first_error() const { return first_error_; }
    const std::string& last_error() const { return last_error_; }

  private:
    void line(std::string_view text);
    void task_line(std::string_view text);

    std::string partial_;
    std::optional<unsigned> task_;
    Usage usage_;
    bool generating_ = false;
    bool finished_ = false;
    bool failed_ = false;
    bool cancelled_ = false;
    bool truncated_ = false;
    std::string first_error_;
    std::string last_error_;
};

}  // namespace corral
