// What becomes of requests and of workers' processes, as a fixed list of words: the values of
// metric labels, which nothing that a client sends can add to.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace corral {

struct ApiError;

enum class Outcome {
    stop,               // answered whole
    length,             // answered up to max_tokens or the end of the context
    cancelled_queued,   // the client hung up while it waited
    cancelled_running,  // ... while it was answered
    deadline_queued,    // timeouts.request or X-Request-Timeout
    deadline_running,
    queue_full,
    queue_timeout,
    context_overflow,  // the prompt does not fit
    engine_error,
    worker_lost,  // failover.attempts workers
    quarantined,
    shutting_down,
    other
};
inline constexpr std::size_t outcomes = static_cast<std::size_t>(Outcome::other) + 1;
std::string_view to_string(Outcome outcome);
// Of a request that failed with `error`, while a worker was at it or before.
Outcome outcome_of(const ApiError& error, bool running);

// Requests that no pool has seen.
enum class Refused { invalid, unknown_model, unauthorized, forbidden, shutting_down };
inline constexpr std::size_t refusals = static_cast<std::size_t>(Refused::shutting_down) + 1;
std::string_view to_string(Refused reason);
Refused refused_as(const ApiError& error);

// Why a worker got another process.
enum class RestartCause {
    crashed,       // died of its own: SIGSEGV and its like, a non-zero exit
    killed,        // a SIGKILL that was not ours: the kernel's OOM killer, or a person
    exited,        // a quiet exit, or a SIGTERM or SIGINT that was not ours
    hung,          // no progress for timeouts.stall, or did not stop an answer in time
    unhealthy,     // failed its health check
    protocol,      // wrote what llama-cli never writes
    not_ready,     // not within timeouts.start
    start_failed,  // ended before it was ready, or could not be started
    interrupted,   // our own SIGINT met it at its prompt
    recycled,      // pools.recycle
    reconfigured   // its command line changed
};
inline constexpr std::size_t restart_causes =
    static_cast<std::size_t>(RestartCause::reconfigured) + 1;
std::string_view to_string(RestartCause cause);

// Numbers for each value of such an enum.
template <typename Enum, std::size_t size>
class CountBy {
  public:
    std::uint64_t& operator[](Enum value) { return counts_[static_cast<std::size_t>(value)]; }
    std::uint64_t operator[](Enum value) const { return counts_[static_cast<std::size_t>(value)]; }
    using Word = Enum;
    static constexpr std::size_t count = size;

  private:
    std::array<std::uint64_t, size> counts_{};
};
using OutcomeCounts = CountBy<Outcome, outcomes>;
using RefusedCounts = CountBy<Refused, refusals>;
using RestartCounts = CountBy<RestartCause, restart_causes>;

}  // namespace corral
