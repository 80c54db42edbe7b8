#include "cli/sse.hpp"

namespace corral {
namespace {

constexpr std::size_t event_bytes_max = 1024 * 1024;

}  // namespace

std::vector<std::string> SseParser::feed(std::string_view bytes) {
    std::vector<std::string> events;
    for (const char byte : bytes) {
        if (overflowed_) break;
        // CR LF is one end of line, also when the two come apart.
        const bool second_half = byte == '\n' && after_cr_;
        after_cr_ = byte == '\r';
        if (second_half) continue;
        if (byte == '\n' || byte == '\r') {
            end_line(events);
        } else {
            line_ += byte;
            overflowed_ = line_.size() + data_.size() > event_bytes_max;
        }
    }
    return events;
}

void SseParser::end_line(std::vector<std::string>& events) {
    constexpr std::string_view field = "data:";
    const std::string_view line = line_;
    if (line.empty()) {
        if (!data_.empty()) {
            data_.pop_back();
            events.push_back(std::move(data_));
        }
        data_.clear();
    } else if (line == "data") {
        data_ += '\n';
    } else if (line.starts_with(field)) {
        const std::string_view value = line.substr(field.size());
        data_ += value.starts_with(' ') ? value.substr(1) : value;
        data_ += '\n';
    }
    line_.clear();
}

}  // namespace corral
