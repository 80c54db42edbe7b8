#include "fake_llama_cli/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>

namespace fake {
namespace {

using Clock = std::chrono::steady_clock;

const Clock::time_point process_start = Clock::now();

void write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = write(file, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) return;
        if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

// Minutes, seconds, milliseconds and microseconds since the start.
std::string time_stamp() {
    const auto since =
        std::chrono::microseconds((Clock::now() - process_start) / std::chrono::microseconds(1));
    const long long us = since.count();
    std::array<char, 64> text;
    const int size =
        std::snprintf(text.data(), text.size(), "%lld.%02lld.%03lld.%03lld", us / 60'000'000,
                      us / 1'000'000 % 60, us / 1000 % 1000, us % 1000);
    return std::string(text.data(), static_cast<std::size_t>(size));
}

}  // namespace

void write_packet(std::string_view packet) {
    write_all(STDOUT_FILENO, packet);
}

void log_line(char level, const char* format, ...) {
    std::array<char, 1024> text;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    write_all(STDERR_FILENO, time_stamp() + ' ' + level + ' ' + text.data() + '\n');
}

EventFile::EventFile(const std::string& path) {
    if (path.empty()) return;
    file_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) log_line('E', "cannot write %s", path.c_str());
}

void EventFile::record(const std::string& event) const {
    if (file_ >= 0) write_all(file_, std::to_string(getpid()) + ' ' + event + '\n');
}

void quit(const EventFile& events, int code) {
    events.record("exit " + std::to_string(code));
    _exit(code);
}

}  // namespace fake
