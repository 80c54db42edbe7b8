#include "ipc/llama_cli.hpp"

#include <poll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cassert>
#include <csignal>
#include <random>

#include "ipc/utf8.hpp"

namespace corral {
namespace {

// stderr is written by a thread of its own in llama-cli, so it may lag behind stdout; after a few
// answers whose end it never told it is a release that logs differently, and not worth waiting for.
constexpr auto log_lag_max = std::chrono::seconds(1);
constexpr unsigned log_misses_max = 3;
// As often in a row an answer is taken for cut that has fewer tokens than its log counts; then it
// is taken for a model with tokens that are not printed.
constexpr unsigned count_misses_max = 3;

std::string fresh_nonce() {
    static std::random_device entropy;  // getrandom(2)
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string nonce;
    for (int word = 0; word < 4; ++word) {
        auto bits = entropy();
        for (int digit = 0; digit < 8; ++digit, bits >>= 4) nonce += digits[bits & 15];
    }
    return nonce;
}

// The overload that throws would end the process from a stop callback when the pipe is closed
// already.
void cancel(auto& pipe) {
    error_code ignored;
    pipe.cancel(ignored);
}

}  // namespace

LlamaCli::LlamaCli(asio::any_io_executor executor, Clock& clock, Command command,
                   unsigned max_tokens)
    : clock_(clock),
      command_(std::move(command)),
      max_tokens_(max_tokens),
      log_grew_(std::move(executor), clock) {}

void LlamaCli::attach(Child& child) {
    child_ = &child;
    state_ = State::broken;
    outgoing_.clear();
    decoder_.reset();
    log_ = {};
    log_ended_ = false;
}

void LlamaCli::log_bytes(std::string_view bytes) {
    log_.feed(bytes);
    log_ended_ = bytes.empty();
    log_grew_.notify();
}

std::string LlamaCli::errors_told() const {
    const std::string& first = log_.first_error();
    // The log cuts long lines anywhere.
    return to_valid_utf8(first == log_.last_error() ? first : first + "; " + log_.last_error());
}

awaitable<bool> LlamaCli::write(std::stop_token stop) {
    error_code ec;
    {
        std::stop_callback on_stop(stop, [this] { cancel(child_->input); });
        const auto bytes = asio::buffer(outgoing_);
        const std::size_t size = co_await asio::async_write(child_->input, bytes, into(ec));
        written_ = size;
    }
    outgoing_.clear();
    co_return !ec;
}

awaitable<LlamaCli::ReadEnd> LlamaCli::read(std::stop_token stop) {
    if (stop.stop_requested()) co_return ReadEnd::stopped;
    error_code ec;
    std::size_t size = 0;
    {
        std::stop_callback on_stop(stop, [this] { cancel(child_->output); });
        const auto space = asio::buffer(buffer_);
        size = co_await child_->output.async_read_some(space, into(ec));
    }
    packet_ = std::string_view(buffer_.data(), size);
    if (!ec) co_return ReadEnd::packet;
    co_return stop.stop_requested() ? ReadEnd::stopped : ReadEnd::closed;
}

// Writes a sentinel and reads until its echo; before the first prompt llama-cli prints a banner,
// later nothing at all.
awaitable<bool> LlamaCli::wait_echo(std::stop_token stop, bool banner_first) {
    state_ = State::broken;
    const std::string nonce = fresh_nonce();
    const std::string echo = sentinel_echo(nonce);
    outgoing_ = sentinel_request(nonce);
    const bool written = co_await write(stop);
    if (!written) co_return false;
    std::string seen;
    while (!seen.ends_with(echo)) {
        const ReadEnd end = co_await read(stop);
        if (end != ReadEnd::packet) co_return false;
        seen += packet_;
        if (banner_first) {
            seen.erase(0, seen.size() - std::min(seen.size(), echo.size()));
        } else if (!echo.starts_with(seen)) {
            co_return false;
        }
    }
    state_ = State::idle;
    co_return true;
}

awaitable<bool> LlamaCli::wait_ready(std::stop_token stop) {
    return wait_echo(stop, true);
}

awaitable<bool> LlamaCli::probe(std::stop_token stop) {
    assert(idle());
    return wait_echo(stop, false);
}

void LlamaCli::begin(const Conversation& conversation) {
    assert(idle());
    const std::string nonce = fresh_nonce();
    outgoing_ = "/clear\n" + encode_chat_line(conversation) + "\n" + sentinel_request(nonce);
    decoder_.emplace(nonce);
    log_.begin_answer();
    written_ = 0;
    answer_begun_ = false;
    tokens_seen_ = tokens_hidden_max_ = 0;
    state_ = State::unsent;
}

// What is left in a pipe outlives its reader.
bool LlamaCli::unread() const {
    int left = 0;
    return ioctl(child_->input.native_handle(), FIONREAD, &left) == 0 &&
           static_cast<std::size_t>(left) >= written_;
}

void LlamaCli::count(const Piece& piece) {
    answer_begun_ = true;
    tokens_seen_ += piece.begins_token;
    // A character outside ASCII can be made of a token for each byte and is written when whole.
    const bool ascii = std::ranges::all_of(piece.text, [](unsigned char c) { return c < 0x80; });
    if (!ascii) tokens_hidden_max_ += static_cast<unsigned>(piece.text.size()) - 1;
}

// A stranger's SIGINT after the engine has finished cuts only what llama-cli prints of the answer:
// nothing tells but the number of tokens.
bool LlamaCli::printing_was_cut() {
    const unsigned end_of_turn = 1;
    const bool missing = log_.usage().completion_tokens.value_or(0) >
                         tokens_seen_ + tokens_hidden_max_ + end_of_turn;
    count_misses_ = missing ? count_misses_ + 1 : 0;
    return missing && count_misses_ <= count_misses_max;
}

Failure LlamaCli::fail(Failure::Kind kind, std::string message) {
    if (kind == Failure::Kind::lost || kind == Failure::Kind::broken) state_ = State::broken;
    return {kind, std::move(message)};
}

awaitable<AnswerEvent> LlamaCli::next_event(std::stop_token stop) {
    if (state_ == State::unsent) {
        state_ = State::broken;  // until the whole request is out: half a line cannot be taken back
        const bool written = co_await write(stop);
        if (!written && stop.stop_requested()) co_return fail(Failure::Kind::stopped, "");
        if (!written) co_return fail(Failure::Kind::lost, "the worker closed its input");
        state_ = State::answering;
    }
    while (true) {
        if (auto piece = decoder_->take()) {
            // Errors stand where the answer would; only the log tells them from an answer that
            // looks like one.
            if (tokens_seen_ == 0 && piece->text.starts_with("Error: ")) {
                while (!log_.generating() && !log_.finished() && !log_ended_ &&
                       log_misses_ < log_misses_max) {
                    const TimePoint deadline = clock_.now() + log_lag_max;
                    const Event::Wake wake = co_await log_grew_.wait(deadline, stop);
                    if (wake != Event::Wake::notified) break;
                }
                if (log_.failed()) {
                    AnswerEvent refused = co_await refusal(piece->text, stop);
                    co_return refused;
                }
            }
            count(*piece);
            // It goes to clients as JSON, which is UTF-8 or nothing.
            if (!is_valid_utf8(piece->text)) piece->text = to_valid_utf8(piece->text);
            co_return std::move(*piece);
        }
        if (decoder_->phase() == ReplyDecoder::Phase::ended) break;
        if (decoder_->phase() == ReplyDecoder::Phase::broken)
            co_return fail(Failure::Kind::broken, "the worker broke the pipe protocol");
        const ReadEnd end = co_await read(stop);
        if (end == ReadEnd::stopped) co_return fail(Failure::Kind::stopped, "");
        if (end == ReadEnd::closed) co_return fail(Failure::Kind::lost, "the worker died");
        decoder_->feed(packet_);
    }
    AnswerEvent finished = co_await finish(stop);
    co_return finished;
}

awaitable<void> LlamaCli::wait_log(std::stop_token stop) {
    const TimePoint deadline = clock_.now() + log_lag_max;
    while (!log_.finished() && !log_ended_ && log_misses_ < log_misses_max) {
        const Event::Wake wake = co_await log_grew_.wait(deadline, stop);
        if (wake != Event::Wake::notified) break;
    }
    if (log_ended_) co_return;  // that says nothing about this release
    log_misses_ = log_.finished() ? 0 : log_misses_ + 1;
}

// The rest of an answer that is an error message, as a failure.
awaitable<AnswerEvent> LlamaCli::refusal(std::string& text, std::stop_token stop) {
    text.erase(0, std::string_view("Error: ").size());
    while (decoder_->phase() == ReplyDecoder::Phase::answer) {
        const ReadEnd end = co_await read(stop);
        if (end == ReadEnd::stopped) co_return fail(Failure::Kind::stopped, "");
        if (end == ReadEnd::closed) co_return fail(Failure::Kind::lost, "the worker died");
        decoder_->feed(packet_);
        while (auto piece = decoder_->take()) text += piece->text;
    }
    if (decoder_->phase() == ReplyDecoder::Phase::broken)
        co_return fail(Failure::Kind::broken, "the worker broke the pipe protocol");
    state_ = State::idle;
    const bool overflow = text.find("exceeds the available context size") != std::string::npos;
    co_return fail(overflow ? Failure::Kind::context_overflow : Failure::Kind::refused,
                   std::move(text));
}

awaitable<AnswerEvent> LlamaCli::finish(std::stop_token stop) {
    co_await wait_log(stop);
    state_ = State::idle;
    if (log_.failed())
        co_return fail(Failure::Kind::refused, "the engine gave up: " + log_.last_error());
    // Not by us, or nobody would wait for the end: half an answer that looks like a whole one.
    if ((log_.cancelled() && !log_.usage().completion_tokens) || printing_was_cut())
        co_return fail(Failure::Kind::cut, "somebody interrupted the worker");
    const unsigned tokens = log_.usage().completion_tokens.value_or(tokens_seen_);
    const bool cut = log_.truncated() || tokens >= max_tokens_;
    co_return Finish{cut ? Finish::Reason::length : Finish::Reason::stop, log_.usage()};
}

bool LlamaCli::output_waiting() const {
    pollfd output{child_->output.native_handle(), POLLIN, 0};
    return poll(&output, 1, 0) == 1;
}

awaitable<bool> LlamaCli::recover(std::stop_token stop) {
    if (state_ == State::unsent) {
        outgoing_.clear();
        state_ = State::idle;
    }
    if (state_ == State::idle) co_return true;
    if (state_ == State::broken) co_return false;
    // The answer may have ended meanwhile: at its prompt a SIGINT makes llama-cli exit, so look
    // before sending one.
    bool interrupted = false;
    while (decoder_->phase() != ReplyDecoder::Phase::ended) {
        if (!interrupted && !output_waiting()) {
            child_->signal_group(SIGINT);
            interrupted = true;
        }
        const ReadEnd end = co_await read(stop);
        if (end != ReadEnd::packet) co_return false;
        decoder_->feed(packet_);
        while (decoder_->take()) continue;
        if (decoder_->phase() == ReplyDecoder::Phase::broken) co_return false;
    }
    // The SIGINT may have come just after the end: then llama-cli exits at its next line, which had
    // better be a probe.
    const bool alive = co_await wait_echo(stop, false);
    co_return alive;
}

}  // namespace corral
