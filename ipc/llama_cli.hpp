// Drives one llama-cli over its pipes: writes requests framed by a nonce that the model never sees,
// reads answers packet by packet, interrupts with SIGINT. The protocol and its measurements:
// docs/llama-cli.md. Owned by a worker.
#pragma once

#include <array>
#include <optional>

#include "async/event.hpp"
#include "ipc/engine.hpp"

namespace corral {

class LlamaCli final : public Engine {
  public:
    // `max_tokens` is the cap in `command` (-n): an answer of that many tokens was cut by it.
    LlamaCli(asio::any_io_executor executor, Clock& clock, Command command, unsigned max_tokens);

    Command command() const override { return command_; }
    void attach(Child& child) override;
    awaitable<bool> wait_ready(std::stop_token stop) override;
    void begin(const Conversation& conversation) override;
    awaitable<AnswerEvent> next_event(std::stop_token stop) override;
    bool unread() const override;
    bool computing_prompt() const override { return state_ == State::answering && !answer_begun_; }
    Usage usage() const override { return log_.usage(); }
    bool idle() const override { return state_ == State::idle; }
    awaitable<bool> recover(std::stop_token stop) override;
    awaitable<bool> probe(std::stop_token stop) override;
    void log_bytes(std::string_view bytes) override;
    std::string errors_told() const override;

  private:
    enum class State { idle, unsent, answering, broken };
    enum class ReadEnd { packet, closed, stopped };

    awaitable<bool> write(std::stop_token stop);
    awaitable<ReadEnd> read(std::stop_token stop);
    awaitable<bool> wait_echo(std::stop_token stop, bool banner_first);
    awaitable<void> wait_log(std::stop_token stop);
    awaitable<AnswerEvent> refusal(std::string& text, std::stop_token stop);
    awaitable<AnswerEvent> finish(std::stop_token stop);
    void count(const Piece& piece);
    bool printing_was_cut();
    Failure fail(Failure::Kind kind, std::string message);
    bool output_waiting() const;

    Clock& clock_;
    Command command_;
    unsigned max_tokens_;
    Child* child_ = nullptr;
    State state_ = State::broken;
    std::string outgoing_;
    std::size_t written_ = 0;  // of what was outgoing last, to the pipe
    std::optional<ReplyDecoder> decoder_;
    bool answer_begun_ = false;
    unsigned tokens_seen_ = 0;
    unsigned tokens_hidden_max_ = 0;  // that may be in what was seen, beyond one for each piece
    EngineLog log_;
    bool log_ended_ = false;  // the child is dead or dying
    Event log_grew_;
    unsigned log_misses_ = 0;    // answers in a row whose end the log did not tell
    unsigned count_misses_ = 0;  // answers in a row with fewer tokens seen than the log counts
    std::array<char, 64 * 1024> buffer_;
    std::string_view packet_;  // in buffer_, valid until the next read
};

}  // namespace corral
