#include "supervisor/answering.hpp"

#include <spdlog/spdlog.h>

#include "supervisor/answer_limit.hpp"

namespace corral {
namespace {

using Ending = std::variant<Finish, Failure>;

constexpr unsigned attempts_max = 3;

// An error about which the client can do nothing but come back later.
ApiError unavailable(const std::string& code, const std::string& text) {
    return ApiError(503, "server_error", code, text);
}

ApiError error_of(CancelReason reason) {
    switch (reason) {
        case CancelReason::client_gone:
            return ApiError(499, "client_gone", "client_gone", "the client hung up");
        case CancelReason::deadline:
            return ApiError(504, "server_error", "deadline_exceeded",
                            "the request took longer than timeouts.request allows");
        case CancelReason::shutdown:
            return unavailable("shutting_down", "corral is shutting down");
    }
    return unavailable("internal", "unknown reason");
}

ApiError queue_full(const Pool& pool) {
    ApiError error(429, "rate_limit_error", "queue_full",
                   "the queue is full; retry after the seconds in Retry-After");
    error.retry_after_seconds = pool.retry_after_seconds();
    return error;
}

ApiError error_of(Pool::Refusal refusal, const Pool& pool, const Cancellation& cancellation) {
    switch (refusal) {
        case Pool::Refusal::full:
            return queue_full(pool);
        case Pool::Refusal::timeout:
            return unavailable("queue_timeout", "no worker became free within queue.timeout");
        case Pool::Refusal::stopped:
            break;
    }
    return error_of(cancellation.reason().value_or(CancelReason::shutdown));
}

ApiError error_of(const Failure& failure, const Cancellation& cancellation) {
    switch (failure.kind) {
        case Failure::Kind::context_overflow:
            return ApiError(400, "invalid_request_error", "context_length_exceeded",
                            failure.message, "messages");
        case Failure::Kind::refused:
            return ApiError(500, "server_error", "engine_error", failure.message);
        case Failure::Kind::lost:
            return ApiError(502, "server_error", "worker_lost", failure.message);
        case Failure::Kind::stopped:
            break;
    }
    return error_of(cancellation.reason().value_or(CancelReason::shutdown));
}

milliseconds since(Clock& clock, TimePoint start) {
    return std::chrono::duration_cast<milliseconds>(clock.now() - start);
}

// A limit that llama-cli's own -n reaches first needs no watching: its regular end costs no
// interruption.
std::optional<unsigned> limit_below_cap(const ChatRequest& request, const PoolConfig& pool) {
    return request.max_tokens && *request.max_tokens < pool.max_tokens ? request.max_tokens
                                                                       : std::nullopt;
}

// One worker's attempt. The lease is given back on return, whatever became of the answer.
awaitable<Ending> attempt(Lease lease, const PoolConfig& pool, const ChatRequest& request,
                          Cancellation& cancellation, AnswerSink& sink) {
    const std::stop_token stop = cancellation.token();
    Engine& engine = lease.engine();
    AnswerLimit limit(limit_below_cap(request, pool), request.stop);
    engine.begin(request.conversation);
    while (true) {
        AnswerEvent event = co_await engine.next_event(stop);
        if (auto* failure = std::get_if<Failure>(&event)) co_return std::move(*failure);
        auto* finish = std::get_if<Finish>(&event);
        const std::string text = finish ? limit.flush() : limit.feed(std::get<Piece>(event));
        if (!text.empty()) {
            const bool written = co_await sink.write(text);
            if (!written) {
                cancellation.cancel(CancelReason::client_gone);
                co_return Failure{Failure::Kind::stopped, ""};
            }
        }
        if (finish) {
            if (!finish->usage.completion_tokens) finish->usage.completion_tokens = limit.tokens();
            co_return std::move(*finish);
        }
        if (limit.cut() != AnswerLimit::Cut::none) {
            const auto reason = limit.cut() == AnswerLimit::Cut::tokens ? Finish::Reason::length
                                                                        : Finish::Reason::stop;
            Usage usage = engine.usage();
            usage.completion_tokens = limit.tokens();
            co_return Finish{reason, usage};
        }
    }
}

}  // namespace

awaitable<AnswerEnd> answer(Pool& pool, Clock& clock, const ChatRequest& request,
                            Cancellation& cancellation, AnswerSink& sink) {
    const TimePoint arrived = clock.now();
    auto place = Pool::Place::back;
    for (unsigned attempts = 1;; ++attempts) {
        const std::stop_token stop = cancellation.token();
        Pool::Acquired acquired = co_await pool.acquire(place, stop);
        if (auto* refusal = std::get_if<Pool::Refusal>(&acquired))
            throw error_of(*refusal, pool, cancellation);
        const TimePoint granted = clock.now();
        const std::string worker = std::get<Lease>(acquired).worker().name();
        awaitable<Ending> attempting = attempt(std::get<Lease>(std::move(acquired)), pool.config(),
                                               request, cancellation, sink);
        const Ending ending = co_await std::move(attempting);
        const milliseconds generated = since(clock, granted);
        if (auto* finish = std::get_if<Finish>(&ending)) {
            pool.note_service(generated);
            const auto waited = std::chrono::duration_cast<milliseconds>(granted - arrived);
            co_return AnswerEnd{*finish, waited, generated};
        }
        const Failure& failure = std::get<Failure>(ending);
        if (failure.kind != Failure::Kind::lost || attempts == attempts_max || !sink.restart())
            throw error_of(failure, cancellation);
        spdlog::info("worker {}: lost with a request ({}); the request goes to another worker",
                     worker, failure.message);
        place = Pool::Place::front;
    }
}

}  // namespace corral
