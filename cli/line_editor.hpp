// Lines from a person, with editing and history, or plainly from a pipe. One LineEditor per
// process, because libedit keeps its state in globals; libedit stays in the .cpp.
#pragma once

#include <memory>
#include <string>

#include "cli/signal_fd.hpp"

namespace corral {

class LineReader {
  public:
    enum class Event {
        line,
        end,          // of the input, Ctrl-D, or a signal that asks to leave
        interrupted,  // Ctrl-C
    };
    struct Input {
        Event event;
        std::string text;  // the line; what had been typed, for interrupted
    };
    virtual ~LineReader() = default;
    virtual Input read() = 0;
};

// Reads stdin, a terminal. `signals` holds SIGINT and those that ask to leave; it is polled while
// waiting. The history is kept in the file `history`; "" keeps none.
std::unique_ptr<LineReader> edited_lines(SignalFd& signals, const std::string& history);

// Reads stdin as it is. Lines above 16 MiB end the input.
std::unique_ptr<LineReader> piped_lines();

}  // namespace corral
