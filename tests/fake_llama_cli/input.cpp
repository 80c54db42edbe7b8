#include "fake_llama_cli/input.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>

namespace fake {
namespace {

volatile sig_atomic_t interrupt_noted = 0;

void note_interrupt(int) {
    if (interrupt_noted) {
        constexpr char colours_off[] = "\033[0m\n";
        // The result is of no use to a process that ends.
        [[maybe_unused]] const auto written =
            write(STDOUT_FILENO, colours_off, sizeof colours_off - 1);
        _exit(130);
    }
    interrupt_noted = 1;
}

}  // namespace

void watch_interrupts() {
    struct sigaction action {};
    action.sa_handler = note_interrupt;  // without SA_RESTART: the wait for a line is to end
    sigaction(SIGINT, &action, nullptr);
}

bool interrupted() {
    return interrupt_noted != 0;
}

void take_interrupt() {
    interrupt_noted = 0;
}

std::optional<std::string> LineReader::next() {
    std::size_t searched = 0;
    std::size_t end = std::string::npos;
    while ((end = buffer_.find('\n', searched)) == std::string::npos) {
        searched = buffer_.size();
        std::array<char, 64 * 1024> bytes;
        const ssize_t size = read(STDIN_FILENO, bytes.data(), bytes.size());
        if (size <= 0) return std::nullopt;
        buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    }
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (interrupted()) return std::nullopt;
    return line;
}

}  // namespace fake
