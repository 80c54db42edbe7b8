// One `corral chat`: the conversation, its commands, and one request for each line. Owned by
// cli/chat.cpp, which knows about signals and terminals.
#pragma once

#include <string>
#include <vector>

#include "cli/chat_call.hpp"

namespace corral {

// What a line at the prompt means. Pure.
struct ChatLine {
    enum class Kind { nothing, message, pool, clear, system, help, exit, unknown };
    Kind kind;
    std::string text;  // of the message, the system text, the unknown command
};
// Commands start with a slash; two of them start a message with one.
ChatLine parse_chat_line(const std::string& line);

class ChatSession {
  public:
    struct Options {
        HttpTarget target;
        ChatCall call;     // its messages are the conversation so far
        bool interactive;  // a person reads stdout
    };

    explicit ChatSession(Options options) : options_(std::move(options)) {}

    // Does what the line says; false if it says to leave. ExchangeStopped passes, after what was
    // cut off has been put in order.
    bool take(const std::string& line);

    // Of the last request that failed; ok if none did.
    ExitCode failure() const { return failure_; }

  private:
    void ask(const std::string& text);
    void show_pool();
    void set_system(const std::string& text);
    void keep(const std::string& answer);
    void report(const CallFailure& failure);
    void note(const std::string& text) const;

    Options options_;
    ExitCode failure_ = ExitCode::ok;
};

}  // namespace corral
