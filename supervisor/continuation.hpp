// The text of one answer across the workers that give it: what was received so far, from where the
// next worker goes on, and which part of what it says is a repetition. Pure.
//
// The next worker begins before the last white space of what was received and its repetition is
// swallowed: a prefix cut inside a word is tokenised anew and goes on differently
// (docs/llama-cli.md has the measurement). Only if it then says something else, it goes on from the
// exact text.
#pragma once

#include <optional>
#include <string>

#include "ipc/reply_decoder.hpp"

namespace corral {

class Continuation {
  public:
    // Before each worker's attempt: what its answer shall begin with; "" for the first.
    std::string next_prefill();
    // What is new in the worker's next piece; nothing if it contradicts what was received, and then
    // the attempt is to be given up for another one.
    std::optional<Piece> feed(Piece piece);
    // At the worker's regular end: false if it ended before all was repeated; the same holds then.
    bool complete();

    const std::string& received() const { return received_; }
    unsigned resumed() const { return resumed_; }  // workers that went on where another was lost

  private:
    std::string received_;
    std::string to_repeat_;  // the end of received_ that the present worker has not said yet
    bool exact_ = false;     // the last attempt contradicted
    unsigned resumed_ = 0;
};

}  // namespace corral
