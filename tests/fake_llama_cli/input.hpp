// What reaches the fake llama-cli: lines on stdin, and SIGINT, treated as llama-cli 0.7.0 does.
#pragma once

#include <optional>
#include <string>

namespace fake {

// The first SIGINT is noted and ends a blocking call; a second one before the first was taken ends
// the process with 130.
void watch_interrupts();
bool interrupted();
void take_interrupt();

class LineReader {
  public:
    // The next line without its newline; none at the end of stdin and after a SIGINT. Only a SIGINT
    // that comes between an answer's end and the wait for the next line lets that line be read.
    std::optional<std::string> next();
    // Whether a whole line was read together with the last one.
    bool more() const { return buffer_.find('\n') != std::string::npos; }

  private:
    std::string buffer_;
};

}  // namespace fake
