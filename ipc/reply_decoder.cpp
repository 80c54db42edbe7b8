#include "ipc/reply_decoder.hpp"

#include <algorithm>
#include <array>

namespace corral {
namespace {

constexpr std::string_view opening = "Chat history cleared.\n\n> ";
constexpr std::string_view prompt = "\n> ";
// What llama-cli writes before it exits of a SIGINT at its prompt, and of a second one during an
// answer or at the prompt.
constexpr std::array<std::string_view, 3> last_words = {"\n> \n\nExiting...\n\x1b[0m\n",
                                                        "\n> \x1b[0m\n", "\x1b[0m\n"};

// Where the longest suffix of `text` that is a prefix of `marker` starts; text.size() if none is.
std::size_t possible_start(std::string_view text, std::string_view marker) {
    std::size_t start = text.size() - std::min(text.size(), marker.size());
    while (!marker.starts_with(text.substr(start))) ++start;
    return start;
}

}  // namespace

std::string sentinel_request(std::string_view nonce) {
    return "/read /" + std::string(nonce) + "\n";
}

std::string sentinel_echo(std::string_view nonce) {
    return "Error: file does not exist or cannot be opened: '/" + std::string(nonce) + "'\n\n> ";
}

ReplyDecoder::ReplyDecoder(std::string_view nonce)
    : trailer_(std::string(prompt) + sentinel_echo(nonce)) {}

void ReplyDecoder::feed(std::string_view packet) {
    switch (phase_) {
        case Phase::opening:
            feed_opening(packet);
            return;
        case Phase::answer:
            feed_answer(packet);
            return;
        case Phase::ended:
            phase_ = Phase::broken;
            return;  // bytes after the end: nobody asked
        case Phase::broken:
            return;
    }
}

void ReplyDecoder::feed_opening(std::string_view packet) {
    held_ += packet;
    const std::size_t common = std::min(held_.size(), opening.size());
    if (std::string_view(held_).substr(0, common) != opening.substr(0, common)) {
        phase_ = Phase::broken;
        return;
    }
    if (held_.size() < opening.size()) return;
    const std::string rest = held_.substr(opening.size());
    held_.clear();
    phase_ = Phase::answer;
    if (!rest.empty()) feed_answer(rest);
}

void ReplyDecoder::feed_answer(std::string_view packet) {
    held_ += packet;
    held_sizes_.push_back(packet.size());
    const std::size_t end = held_.find(trailer_);
    if (end != std::string::npos) {
        phase_ = end + trailer_.size() == held_.size() ? Phase::ended : Phase::broken;
        // llama-cli adds a newline to an answer that does not end in one: it cannot be told from
        // the answer's own.
        release(end > 0 && held_[end - 1] == '\n' ? end - 1 : end);
        return;
    }
    std::size_t start = possible_start(held_, trailer_);
    for (const std::string_view words : last_words)
        start = std::min(start, possible_start(held_, words));
    if (start > 0 && held_[start - 1] == '\n') --start;  // that added newline
    release(start);
}

void ReplyDecoder::release(std::size_t bytes) {
    std::size_t offset = 0;
    while (offset < bytes) {
        const std::size_t size = std::min(held_sizes_.front(), bytes - offset);
        pieces_.push_back({held_.substr(offset, size), front_begins_token_});
        offset += size;
        held_sizes_.front() -= size;
        front_begins_token_ = held_sizes_.front() == 0;
        if (front_begins_token_) held_sizes_.pop_front();
    }
    held_.erase(0, bytes);
}

std::optional<Piece> ReplyDecoder::take() {
    if (pieces_.empty()) return std::nullopt;
    Piece piece = std::move(pieces_.front());
    pieces_.pop_front();
    return piece;
}

}  // namespace corral
