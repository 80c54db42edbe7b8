// Follows one request for the figures of its pool, from its arrival to its end. Lives on the stack
// of whoever answers it.
#pragma once

#include "supervisor/pool_metrics.hpp"
#include "supervisor/worker.hpp"

namespace corral {

class RequestMeter {
  public:
    explicit RequestMeter(PoolMetrics& metrics);
    RequestMeter(const RequestMeter&) = delete;
    // A request without a known end has come to some other one.
    ~RequestMeter();

    // Its steps. With a worker: token() and usage(), until released().
    void queued();
    void granted(const Worker& worker);
    void token();
    // The engine's last word on what this worker did.
    void usage(const Usage& usage);
    void released();
    void end(Outcome outcome);

    // Whether it has a worker, or had one when it ended.
    bool had_worker() const { return step_ == Step::running; }

  private:
    friend class PoolMetrics;
    enum class Step { arrived, queued, running };

    TimePoint now() const { return metrics_.clock_.now(); }
    void look();
    void count_prompt(const Usage& usage);
    void count_tokens(unsigned tokens);
    void count_time();
    void note_wait();
    PoolMetrics::Running running() const;

    PoolMetrics& metrics_;
    std::list<RequestMeter*>::iterator place_;
    TimePoint arrived_;
    Step step_ = Step::arrived;
    TimePoint step_began_;
    bool ended_ = false;
    unsigned tokens_ = 0;
    // Of the present worker.
    const Worker* worker_ = nullptr;
    TimePoint counted_until_;  // of its time
    std::optional<unsigned> prompt_tokens_;
    unsigned worker_tokens_ = 0;
    TimePoint first_token_;
    TimePoint last_token_;
};

}  // namespace corral
