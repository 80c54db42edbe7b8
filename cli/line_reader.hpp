// Lines that a person types, with editing and a history that is kept (libedit); or lines of a pipe,
// plainly. One per program: libedit's state is global.
#pragma once

#include <optional>
#include <string>

namespace corral {

class LineReader {
  public:
    // With a terminal at stdin: reads the history of earlier sessions.
    LineReader();

    // The next line without its newline; nothing at the end of the input.
    std::optional<std::string> next(const char* prompt);
    bool interactive() const { return interactive_; }

  private:
    bool interactive_;
    std::string history_;  // path, "" if there is no place for one
};

}  // namespace corral
