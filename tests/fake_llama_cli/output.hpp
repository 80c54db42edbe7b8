// What leaves the fake llama-cli: packets on stdout, llama-cli's log on stderr, the events that a
// test counts in a file, the exit. Nothing is buffered, so that a crash loses nothing.
#pragma once

#include <string>
#include <string_view>

namespace fake {

// One write(2), which is one packet where stdout is a pipe that keeps packets apart.
void write_packet(std::string_view packet);

// A line as llama-cli's log has it, after its time and level ('I', 'W' or 'E').
__attribute__((format(printf, 2, 3))) void log_line(char level, const char* format, ...);

class EventFile {
  public:
    // "" for none.
    explicit EventFile(const std::string& path);
    // Appends "PID event" as one write: processes and threads share the file.
    void record(const std::string& event) const;

  private:
    int file_ = -1;
};

// Ends the process at once, recorded.
[[noreturn]] void quit(const EventFile& events, int code);

}  // namespace fake
