// Cuts an answer where its request says: after max_tokens tokens, or before a stop string. Pure;
// fed piece by piece.
#pragma once

#include <string>
#include <vector>

#include "ipc/reply_decoder.hpp"

namespace corral {

class AnswerLimit {
  public:
    enum class Cut { none, tokens, stop };

    AnswerLimit(unsigned max_tokens, std::vector<std::string> stops);
    void set_max_tokens(unsigned max_tokens) { max_tokens_ = max_tokens; }

    // What of the answer can be delivered now that `piece` is here. What might be the front of a
    // stop string is kept.
    std::string feed(const Piece& piece);
    // The kept part, once the answer has ended by itself.
    std::string flush();

    Cut cut() const { return cut_; }  // other than none: the answer ends here
    unsigned tokens() const { return tokens_; }

  private:
    unsigned max_tokens_;
    std::vector<std::string> stops_;
    std::string kept_;
    unsigned tokens_ = 0;
    Cut cut_ = Cut::none;
};

}  // namespace corral
