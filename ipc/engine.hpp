// What a worker's child speaks: the seam between the worker's life (supervisor/worker.hpp) and one
// kind of engine. llama-cli over its pipes is the first kind (ipc/llama_cli.hpp). An engine serves
// one child at a time and one answer at a time; exactly one coroutine calls its waiting functions
// at any moment. Every wait ends when `stop` is requested.
#pragma once

#include <stop_token>
#include <variant>

#include "ipc/chat_line.hpp"
#include "ipc/child.hpp"
#include "ipc/engine_log.hpp"
#include "ipc/reply_decoder.hpp"

namespace corral {

// The answer's regular end.
struct Finish {
    enum class Reason { stop, length } reason;
    Usage usage;
};

// The answer's other ends.
struct Failure {
    enum class Kind {
        context_overflow,  // the prompt does not fit; the worker is fine
        refused,           // the engine said no; the worker is fine
        lost,              // the child's output ended: another worker may go on
        broken,            // the child broke the protocol: another worker may go on
        cut,               // the answer is not whole, though it ended; the worker is fine
        stopped            // `stop` was requested
    } kind;
    std::string message;
};

using AnswerEvent = std::variant<Piece, Finish, Failure>;

class Engine {
  public:
    virtual ~Engine() = default;

    virtual Command command() const = 0;
    // From now on `child`, freshly spawned; it must outlive its use here.
    virtual void attach(Child& child) = 0;
    // True once the model is loaded and the engine takes requests; false when the child's output
    // ended first.
    virtual awaitable<bool> wait_ready(std::stop_token stop) = 0;

    // Starts an answer: requires idle(). Then next_event() until it is a Finish or a Failure, or
    // until the caller has enough and leaves the engine mid-answer to recover().
    virtual void begin(const Conversation& conversation) = 0;
    virtual awaitable<AnswerEvent> next_event(std::stop_token stop) = 0;
    // The child took nothing of the request that was begun last: if it is dead, it was before.
    virtual bool unread() const = 0;
    // An answer is under way and nothing of it has come yet.
    virtual bool computing_prompt() const = 0;
    // What is known so far of the answer under way.
    virtual Usage usage() const = 0;

    // Nothing is under way and nothing unexpected was seen.
    virtual bool idle() const = 0;
    // Ends the answer under way and makes sure that the engine takes the next; false when it does
    // not.
    virtual awaitable<bool> recover(std::stop_token stop) = 0;
    // Health check of an idle engine.
    virtual awaitable<bool> probe(std::stop_token stop) = 0;

    // What the child writes to stderr, as it comes, and nothing at its end; and what that told of
    // errors: the first, which most likely is the cause, and the last; "" if there was none.
    virtual void log_bytes(std::string_view bytes) = 0;
    virtual std::string errors_told() const = 0;
};

}  // namespace corral
