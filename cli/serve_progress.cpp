#include "cli/serve_progress.hpp"

#include <unistd.h>

#include "cli/terminal.hpp"

namespace corral {
namespace {

std::string shell_quoted(const std::string& text) {
    constexpr auto plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:,@%";
    if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
    std::string quoted = "'";
    for (const char byte : text)
        quoted += byte == '\'' ? std::string("'\\''") : std::string(1, byte);
    return quoted + "'";
}

std::string ready_line(const Config& config, std::size_t workers) {
    std::string line =
        "ready: " + std::to_string(workers) + (workers == 1 ? " worker" : " workers");
    if (config.listen.unix_socket)
        line += ", corral ask --socket " + shell_quoted(config.listen.unix_socket->path) + " \"…\"";
    return line + "\n";
}

}  // namespace

ServeProgress::ServeProgress(const Config& config)
    : block_(config.pools), ready_line_(ready_line(config, block_.size())) {}

void ServeProgress::update(const Worker::Snapshot& worker) {
    if (!active_ || !block_.update(worker)) return;
    std::string output = erased();
    output += drawn();
    active_ = !block_.all_ready() && !block_.stopping();
    if (block_.all_ready()) output += ready_line_;
    write_all(STDERR_FILENO, output);
}

void ServeProgress::sink_it_(const spdlog::details::log_msg& message) {
    // What the block shows anyway is not said twice.
    if (active_ && message.level < spdlog::level::warn) return;
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string output;
    if (active_) output = erased();
    output.append(line.data(), line.size());
    if (active_) output += drawn();
    write_all(STDERR_FILENO, output);
}

// Goes to where the block starts and clears the screen from there on.
std::string ServeProgress::erased() {
    if (lines_shown_ == 0) return "";
    return "\x1b[" + std::to_string(lines_shown_) + "A\r\x1b[J";
}

std::string ServeProgress::drawn() {
    const TerminalSize size = terminal_size(STDERR_FILENO);
    // One column and one row less: the cursor can only go up to what is still on the screen.
    const auto lines = block_.lines(size.columns - 1, size.rows - 1);
    lines_shown_ = lines.size();
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    return text;
}

}  // namespace corral
