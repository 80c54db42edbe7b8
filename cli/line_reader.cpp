#include "cli/line_reader.hpp"

#include <editline/readline.h>
#include <fcntl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <filesystem>
#include <iostream>

namespace corral {
namespace {

constexpr int history_lines_max = 1000;

// $XDG_STATE_HOME/corral/history, readable by its owner alone: it holds what people asked.
std::string history_file() {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    if (!state && !home) return "";
    const std::filesystem::path folder =
        (state ? std::filesystem::path(state) : std::filesystem::path(home) / ".local/state") /
        "corral";
    std::error_code ec;
    std::filesystem::create_directories(folder, ec);
    const std::string file = (folder / "history").string();
    const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return "";
    close(fd);
    return file;
}

}  // namespace

LineReader::LineReader() : interactive_(isatty(STDIN_FILENO) == 1) {
    if (!interactive_) return;
    if (!std::setlocale(LC_CTYPE, "")) std::setlocale(LC_CTYPE, "C.UTF-8");
    history_ = history_file();
    using_history();
    stifle_history(history_lines_max);
    if (!history_.empty()) read_history(history_.c_str());
}

std::optional<std::string> LineReader::next(const char* prompt) {
    if (!interactive_) {
        std::string line;
        if (!std::getline(std::cin, line)) return std::nullopt;
        return line;
    }
    char* typed = readline(prompt);
    if (!typed) return std::nullopt;
    std::string line = typed;
    std::free(typed);
    if (!line.empty()) {
        add_history(line.c_str());
        if (!history_.empty()) write_history(history_.c_str());
    }
    return line;
}

}  // namespace corral
