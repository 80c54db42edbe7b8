#include "supervisor/answer_errors.hpp"

#include "config/duration.hpp"

namespace corral::answer_errors {
namespace {

// An error about which the client can do nothing but come back later.
ApiError unavailable(const std::string& code, const std::string& text) {
    return ApiError(503, "server_error", code, text);
}

ApiError stopped(const Cancellation& cancellation) {
    switch (cancellation.reason().value_or(CancelReason::shutdown)) {
        case CancelReason::client_gone:
            return ApiError(499, "client_gone", "client_gone", "the client hung up");
        case CancelReason::deadline:
            return ApiError(504, "server_error", "deadline_exceeded",
                            "the request took longer than timeouts.request or X-Request-Timeout "
                            "allows");
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

}  // namespace

ApiError refused(Pool::Refusal refusal, const Pool& pool, const Cancellation& cancellation) {
    switch (refusal) {
        case Pool::Refusal::full:
            return queue_full(pool);
        case Pool::Refusal::timeout:
            return unavailable("queue_timeout", "no worker became free within queue.timeout");
        case Pool::Refusal::stopped:
            break;
    }
    return stopped(cancellation);
}

ApiError failed(const Failure& failure, const Cancellation& cancellation) {
    switch (failure.kind) {
        case Failure::Kind::context_overflow:
            return ApiError(400, "invalid_request_error", "context_length_exceeded",
                            failure.message, "messages");
        case Failure::Kind::refused:
            return ApiError(500, "server_error", "engine_error", failure.message);
        case Failure::Kind::lost:
        case Failure::Kind::broken:
        case Failure::Kind::cut:
            return workers_lost(1, failure.message);
        case Failure::Kind::stopped:
            break;
    }
    return stopped(cancellation);
}

ApiError workers_lost(unsigned attempts, const std::string& how) {
    return ApiError(502, "server_error", "worker_lost",
                    "the request lost its worker " + std::to_string(attempts) +
                        (attempts == 1 ? " time" : " times") +
                        " (failover.attempts); the last time: " + how);
}

ApiError quarantined(milliseconds ttl) {
    return ApiError(422, "invalid_request_error", "conversation_quarantined",
                    "these messages crashed two workers; they are refused for " +
                        format_duration(ttl) + " (failover.quarantine)",
                    "messages");
}

}  // namespace corral::answer_errors
