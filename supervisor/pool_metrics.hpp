// The figures of one pool: what became of its requests, their tokens and times, why its workers
// were started again. Counters, never any text. Everything moves while an answer is under way: each
// request has a meter that is told of its steps, and figures() looks at those that run.
#pragma once

#include <list>
#include <optional>
#include <string>

#include "supervisor/outcome.hpp"
#include "supervisor/recent_figures.hpp"

namespace corral {

using std::chrono::milliseconds;

class RequestMeter;

class PoolMetrics {
  public:
    // What became of requests whose worker was lost.
    struct Failover {
        std::uint64_t retried = 0;      // began anew with another worker
        std::uint64_t resumed = 0;      // were continued by another worker
        std::uint64_t quarantined = 0;  // were blamed
    };
    // Since the pool began. Tokens are those of the workers' work: what was repeated for another
    // worker counts again.
    struct Figures {
        OutcomeCounts requests;
        RestartCounts restarts;
        Failover failover;
        std::uint64_t prompt_tokens = 0;  // with those found in a cache
        std::uint64_t cached_tokens = 0;
        std::uint64_t completion_tokens = 0;
        std::uint64_t context_tokens_max = 0;  // of prompt and answer together
        double prompt_seconds = 0;             // of workers, until the first token
        double generation_seconds = 0;         // of workers, from it on
        Histogram queue_wait{request_bounds};  // of each wait for a worker
        Histogram first_token{request_bounds};
        Histogram per_token{token_bounds};
        Histogram duration{request_bounds};  // of whole answers, waiting included
        Histogram start{request_bounds};     // of workers' processes
    };
    // A request that a worker is at.
    struct Running {
        std::string worker;
        double age_seconds;  // since it arrived
        double worker_seconds;
        std::optional<unsigned> prompt_tokens;
        unsigned tokens;           // of its answer, so far
        double tokens_per_second;  // of the present worker; 0 before its second token
    };

    explicit PoolMetrics(Clock& clock) : clock_(clock) {}
    PoolMetrics(const PoolMetrics&) = delete;

    void note_start(milliseconds took) { figures_.start.observe(seconds(took)); }
    void note_restart(RestartCause cause) { ++figures_.restarts[cause]; }
    Failover& failover() { return figures_.failover; }

    // As of now.
    const Figures& figures();
    RecentFigures::Figures last(std::chrono::seconds span);
    const RecentFigures& recent();
    std::vector<Running> running() const;
    double oldest_wait_seconds() const;  // of those that wait now

  private:
    friend class RequestMeter;
    static double seconds(std::chrono::nanoseconds duration) {
        return std::chrono::duration<double>(duration).count();
    }

    Clock& clock_;
    Figures figures_;
    RecentFigures recent_;
    std::list<RequestMeter*> meters_;
};

}  // namespace corral
