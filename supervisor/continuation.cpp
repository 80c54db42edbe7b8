#include "supervisor/continuation.hpp"

#include <algorithm>
#include <utility>

namespace corral {
namespace {

// Where the last run of white space begins; 0 if there is none.
std::size_t last_white_space(const std::string& text) {
    constexpr const char* white = " \t\r\n";
    const std::size_t last = text.find_last_of(white);
    if (last == std::string::npos) return 0;
    return text.find_last_not_of(white, last) + 1;
}

}  // namespace

std::string Continuation::next_prefill() {
    const bool exact = std::exchange(exact_, false);
    resumed_ += !exact && !received_.empty();
    const std::size_t cut = exact ? received_.size() : last_white_space(received_);
    to_repeat_ = received_.substr(cut);
    return received_.substr(0, cut);
}

std::optional<Piece> Continuation::feed(Piece piece) {
    const std::size_t repeated = std::min(piece.text.size(), to_repeat_.size());
    if (piece.text.compare(0, repeated, to_repeat_, 0, repeated) != 0) {
        exact_ = true;
        return std::nullopt;
    }
    if (repeated > 0 && repeated == piece.text.size()) piece.begins_token = false;
    to_repeat_.erase(0, repeated);
    piece.text.erase(0, repeated);
    received_ += piece.text;
    return piece;
}

bool Continuation::complete() {
    exact_ = !to_repeat_.empty();
    return !exact_;
}

}  // namespace corral
