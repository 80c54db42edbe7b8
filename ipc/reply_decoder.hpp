// Finds one answer in what llama-cli writes to stdout between two prompts. Pure state machine: no
// I/O, no clock.
//
// The supervisor writes "/clear", the conversation and "/read /NONCE" in one go. llama-cli 0.7.0
// then writes, byte for byte (docs/llama-cli.md, and the contract test that proves it):
//     Chat history cleared.\n\n>  ANSWER [\n] \n>  Error: file does not exist or cannot be opened:
//     '/NONCE'\n \n>
// The nonce is random and never shown to the model, so no answer can forge the end. What could be
// the beginning of the end is held back until it is known; so is what llama-cli writes before it
// exits of a SIGINT, which is answer only if something follows.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace corral {

// The end marker: a file that does not exist, asked for by "/read".
std::string sentinel_request(std::string_view nonce);  // the line to write, with its newline
std::string sentinel_echo(std::string_view nonce);     // what comes back, with the new prompt

// A part of an answer as one write of llama-cli delivered it, which is one token as long as packets
// are kept apart.
struct Piece {
    std::string text;
    bool begins_token;  // false for the rest of a token whose front was delivered before
};

class ReplyDecoder {
  public:
    enum class Phase { opening, answer, ended, broken };

    explicit ReplyDecoder(std::string_view nonce);

    // One packet. Bytes that the protocol does not allow end in Phase::broken, for good.
    void feed(std::string_view packet);
    // The next part of the answer that surely is one.
    std::optional<Piece> take();
    Phase phase() const { return phase_; }

  private:
    void feed_opening(std::string_view packet);
    void feed_answer(std::string_view packet);
    void release(std::size_t bytes);

    std::string trailer_;
    std::string held_;                    // received, not yet known to be answer
    std::deque<std::size_t> held_sizes_;  // of the packets in held_
    bool front_begins_token_ = true;
    std::deque<Piece> pieces_;
    Phase phase_ = Phase::opening;
};

}  // namespace corral
