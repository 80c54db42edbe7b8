#include "supervisor/answer_limit.hpp"

#include <algorithm>
#include <utility>

namespace corral {

AnswerLimit::AnswerLimit(unsigned max_tokens, std::vector<std::string> stops)
    : max_tokens_(max_tokens), stops_(std::move(stops)) {}

std::string AnswerLimit::feed(const Piece& piece) {
    tokens_ += piece.begins_token;
    kept_ += piece.text;
    std::size_t first = std::string::npos;
    for (const std::string& stop : stops_) first = std::min(first, kept_.find(stop));
    if (first != std::string::npos) {
        cut_ = Cut::stop;
        kept_.resize(first);
        return flush();
    }
    if (tokens_ >= max_tokens_) {
        cut_ = Cut::tokens;
        return flush();
    }
    std::size_t keep = 0;
    for (const std::string& stop : stops_) {
        std::size_t size = std::min(stop.size() - 1, kept_.size());
        while (!kept_.ends_with(std::string_view(stop).substr(0, size))) --size;
        keep = std::max(keep, size);
    }
    std::string text = kept_.substr(0, kept_.size() - keep);
    kept_.erase(0, text.size());
    return text;
}

std::string AnswerLimit::flush() {
    return std::exchange(kept_, {});
}

}  // namespace corral
