// The wire form of server-sent events: bytes in, however they are cut, data of whole events out.
// Pure. One per response.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace corral {

class SseParser {
  public:
    // The data of the events that `bytes` completed: lines of one event joined by newlines.
    // Comments and fields other than `data` are skipped, and so are events without data.
    std::vector<std::string> feed(std::string_view bytes);

    // An event was longer than 1 MiB; nothing is returned from then on.
    bool overflowed() const { return overflowed_; }

  private:
    void end_line(std::vector<std::string>& events);

    std::string line_;
    std::string data_;  // of the event so far, each line with a newline
    bool after_cr_ = false;
    bool overflowed_ = false;
};

}  // namespace corral
