#include "ipc/engine_log.hpp"

#include <charconv>

namespace corral {
namespace {

constexpr std::size_t line_bytes_max = 16 * 1024;
constexpr std::size_t error_bytes_max = 300;

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// The whole number that follows `label` in `text`, spaces between them allowed.
std::optional<unsigned> number_after(std::string_view text, std::string_view label) {
    const std::size_t at = text.find(label);
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + label.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    unsigned value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{})
        return std::nullopt;
    return value;
}

}  // namespace

void EngineLog::begin_answer() {
    task_.reset();
    usage_ = {};
    generating_ = finished_ = failed_ = cancelled_ = truncated_ = false;
}

void EngineLog::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        if (partial_.size() < line_bytes_max)
            partial_ += part.substr(0, line_bytes_max - partial_.size());
        if (end == std::string_view::npos) return;
        bytes.remove_prefix(end + 1);
        line(partial_);
        partial_.clear();
    }
}

void EngineLog::line(std::string_view text) {
    if (contains(text, " E ")) {
        const std::size_t message = text.find(" E ") + 3;
        last_error_ = text.substr(message, error_bytes_max);
        if (first_error_.empty()) first_error_ = last_error_;
    }
    if (contains(text, "processing task")) task_ = number_after(text, "| task ");
    if (contains(text, "got exception:")) {
        // Raised before a task exists, by the chat template for one; nothing else will be logged.
        failed_ = finished_ = true;
    }
    if (contains(text, "send_error:")) failed_ = true;
    if (task_ && number_after(text, "cancel task, id_task =") == task_) cancelled_ = true;
    if (task_ && number_after(text, "| task ") == task_) task_line(text);
}

void EngineLog::task_line(std::string_view text) {
    if (const auto tokens = number_after(text, "task.n_tokens =")) usage_.prompt_tokens = tokens;
    if (const auto tokens = number_after(text, "cached n_tokens =")) {
        usage_.cached_tokens = tokens;
        generating_ = true;
    }
    // "prompt eval time" is another line, with the tokens that were not cached.
    if (contains(text, " eval time =") && !contains(text, "prompt eval time"))
        usage_.completion_tokens = number_after(text, "ms /");
    if (contains(text, "stop processing:")) {
        truncated_ = number_after(text, "truncated =").value_or(0) != 0;
        finished_ = true;
    }
}

}  // namespace corral
