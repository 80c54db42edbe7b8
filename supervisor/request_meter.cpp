#include "supervisor/request_meter.hpp"

#include <algorithm>

namespace corral {

RequestMeter::RequestMeter(PoolMetrics& metrics)
    : metrics_(metrics),
      place_(metrics.meters_.insert(metrics.meters_.end(), this)),
      arrived_(now()),
      step_began_(arrived_) {}

RequestMeter::~RequestMeter() {
    if (!ended_) end(Outcome::other);
    metrics_.meters_.erase(place_);
}

void RequestMeter::queued() {
    step_ = Step::queued;
    step_began_ = now();
}

void RequestMeter::granted(const Worker& worker) {
    note_wait();
    step_ = Step::running;
    step_began_ = counted_until_ = now();
    worker_ = &worker;
    prompt_tokens_.reset();
    worker_tokens_ = 0;
}

void RequestMeter::token() {
    // The log may lag behind the answer, so its first word is not the only time to look.
    if (!prompt_tokens_) count_prompt(worker_->usage());
    count_time();
    const double gap = PoolMetrics::seconds(now() - last_token_);
    if (tokens_ == 0) {
        const double waited = PoolMetrics::seconds(now() - arrived_);
        metrics_.figures_.first_token.observe(waited);
        metrics_.recent_.now(now()).first_token.observe(waited);
    }
    if (worker_tokens_ == 0) first_token_ = now();
    if (worker_tokens_ > 0) metrics_.figures_.per_token.observe(gap);
    last_token_ = now();
    count_tokens(1);
}

void RequestMeter::usage(const Usage& usage) {
    if (!prompt_tokens_) {
        Usage known = usage;
        known.cached_tokens = usage.cached_tokens.value_or(0);
        count_prompt(known);
    }
    const unsigned tokens = usage.completion_tokens.value_or(0);
    if (tokens > worker_tokens_) count_tokens(tokens - worker_tokens_);
}

void RequestMeter::released() {
    count_time();
    worker_ = nullptr;
}

void RequestMeter::end(Outcome outcome) {
    if (worker_) released();
    if (step_ == Step::queued && outcome != Outcome::queue_full) note_wait();
    ended_ = true;
    ++metrics_.figures_.requests[outcome];
    RecentFigures::Figures& recent = metrics_.recent_.now(now());
    const bool cancelled =
        outcome == Outcome::cancelled_queued || outcome == Outcome::cancelled_running;
    if (outcome == Outcome::stop || outcome == Outcome::length) {
        const double took = PoolMetrics::seconds(now() - arrived_);
        metrics_.figures_.duration.observe(took);
        recent.duration.observe(took);
        ++recent.answered;
    } else if (!cancelled) {
        ++recent.failed;
    }
}

// What can be known of an answer under way without being told.
void RequestMeter::look() {
    if (!worker_) return;
    if (!prompt_tokens_) count_prompt(worker_->usage());
    count_time();
}

// Not before both are known: the difference of the two counters must not fall.
void RequestMeter::count_prompt(const Usage& usage) {
    if (!usage.prompt_tokens || !usage.cached_tokens) return;
    prompt_tokens_ = usage.prompt_tokens;
    const unsigned cached = std::min(*usage.cached_tokens, *usage.prompt_tokens);
    metrics_.figures_.prompt_tokens += *usage.prompt_tokens;
    metrics_.figures_.cached_tokens += cached;
    metrics_.recent_.now(now()).prompt_tokens += *usage.prompt_tokens - cached;
}

void RequestMeter::count_tokens(unsigned tokens) {
    tokens_ += tokens;
    worker_tokens_ += tokens;
    metrics_.figures_.completion_tokens += tokens;
    metrics_.recent_.now(now()).completion_tokens += tokens;
    std::uint64_t& longest = metrics_.figures_.context_tokens_max;
    longest = std::max<std::uint64_t>(longest, prompt_tokens_.value_or(0) + worker_tokens_);
}

void RequestMeter::count_time() {
    const double time = PoolMetrics::seconds(now() - counted_until_);
    RecentFigures::Figures& recent = metrics_.recent_.now(now());
    (worker_tokens_ == 0 ? metrics_.figures_.prompt_seconds
                         : metrics_.figures_.generation_seconds) += time;
    (worker_tokens_ == 0 ? recent.prompt_seconds : recent.generation_seconds) += time;
    counted_until_ = now();
}

void RequestMeter::note_wait() {
    metrics_.figures_.queue_wait.observe(PoolMetrics::seconds(now() - step_began_));
}

PoolMetrics::Running RequestMeter::running() const {
    const double generating =
        worker_tokens_ == 0 ? 0 : PoolMetrics::seconds(last_token_ - first_token_);
    return {worker_->name(),
            PoolMetrics::seconds(now() - arrived_),
            PoolMetrics::seconds(now() - step_began_),
            prompt_tokens_,
            tokens_,
            generating > 0 ? (worker_tokens_ - 1) / generating : 0};
}

}  // namespace corral
