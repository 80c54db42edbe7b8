#include "supervisor/worker.hpp"

#include <cassert>
#include <csignal>

#include "async/deadline_stop.hpp"
#include "supervisor/log.hpp"
#include "supervisor/process_memory.hpp"
#include "supervisor/progress_stop.hpp"
#include "supervisor/retirement.hpp"

namespace corral {

Lease::~Lease() {
    if (worker_) worker_->check_in();
}

void Lease::begin(const Conversation& conversation) {
    worker_->engine_->begin(conversation);
}

awaitable<AnswerEvent> Lease::next_event(std::stop_token stop) {
    return worker_->next_event(std::move(stop));
}

Usage Lease::usage() const {
    return worker_->engine_->usage();
}

awaitable<std::optional<Death>> Lease::death() {
    const Death death = co_await worker_->process_->death();
    if (worker_->engine_->unread()) co_return std::nullopt;
    co_return death;
}

Worker::Worker(asio::any_io_executor executor, Clock& clock, Spawner& spawner, Parts parts,
               Owner& owner)
    : executor_(executor),
      clock_(clock),
      spawner_(spawner),
      name_(std::move(parts.name)),
      engine_(std::move(parts.engine)),
      model_(std::move(parts.model)),
      policy_(std::move(parts.policy)),
      limits_(parts.limits),
      random_(std::move(parts.random)),
      owner_(owner),
      life_(executor, clock) {}

void Worker::enter(WorkerState state) {
    const TimePoint now = clock_.now();
    // One that passes a health check has been ready all the time.
    if (state == WorkerState::ready && state_ != WorkerState::checking) ready_since_ = now;
    state_since_ = state == WorkerState::ready ? ready_since_ : now;
    state_ = state;
    log::debug(log::worker(name_), "{}", to_string(state));
    owner_.worker_changed(*this);
}

void Worker::request_stop() {
    stop_.request_stop();
    life_.notify();
}

void Worker::kill() {
    request_stop();
    if (process_) process_->kill("corral was told to end at once", RestartCause::exited);
}

std::optional<Lease> Worker::try_lease() {
    if (state_ != WorkerState::ready || process_->ended() || stop_.stop_requested())
        return std::nullopt;
    leased_ = true;
    enter(WorkerState::busy);
    return Lease(*this);
}

void Worker::check_in() {
    assert(leased_);
    leased_ = false;
    life_.notify();
}

void Worker::reconfigure(Parts parts) {
    limits_ = parts.limits;
    policy_ = std::move(parts.policy);
    model_ = std::move(parts.model);
    next_engine_.reset();
    if (parts.engine->command() != engine_->command()) next_engine_ = std::move(parts.engine);
    life_.notify();
}

awaitable<AnswerEvent> Worker::next_event(std::stop_token stop) {
    const ProgressStop bound(clock_, process_->child(), limits_.stall, stop);
    const std::stop_token token = bound.token();
    AnswerEvent event = co_await engine_->next_event(token);
    auto* failure = std::get_if<Failure>(&event);
    if (failure && bound.stalled()) {
        process_->kill("it neither wrote nor used CPU time for timeouts.stall", RestartCause::hung);
        *failure = {Failure::Kind::lost, "the worker made no progress"};
    }
    if (failure && failure->kind == Failure::Kind::broken)
        process_->kill(failure->message, RestartCause::protocol);
    co_return event;
}

void Worker::make_available() {
    enter(WorkerState::ready);
    owner_.worker_available(*this);
}

awaitable<void> Worker::run() {
    while (!stop_.stop_requested()) {
        if (next_engine_) engine_ = std::move(next_engine_);
        ready_at_.reset();
        retiring_.clear();
        died_ = exit_expected_ = died_leased_ = false;
        co_await live();
        if (stop_.stop_requested()) break;
        owner_.worker_restarts(*this, cause_);
        if (!died_) {
            log::info(log::worker(name_), "{}; starting it again", last_exit_);
            continue;
        }
        std::optional<milliseconds> ready_for;
        if (ready_at_)
            ready_for = std::chrono::duration_cast<milliseconds>(clock_.now() - *ready_at_);
        const milliseconds delay = policy_.after_death(ready_for);
        log::warn(log::worker(name_), "{}; starting it again in {} ms", last_exit_, delay.count());
        owner_.worker_died(*this, ready_at_.has_value() && !died_leased_);
        co_await back_off(delay);
    }
    enter(WorkerState::stopped);
}

awaitable<void> Worker::back_off(milliseconds delay) {
    enter(WorkerState::backoff);
    const TimePoint earliest = clock_.now() + delay;
    while (!stop_.stop_requested()) {
        const TimePoint start_at = std::max(earliest, owner_.worker_may_start_at(*this));
        if (start_at <= clock_.now()) break;
        co_await life_.wait(start_at);
    }
}

// One process, from spawn to its end.
awaitable<void> Worker::live() {
    enter(WorkerState::starting);
    ++spawns_;
    spawned_at_ = clock_.now();
    served_before_ = served_;
    fraction_ = random_();
    try {
        process_.emplace(executor_, clock_, spawner_, name_, *engine_, [this] {
            died_leased_ = leased_ && !engine_->unread();
            life_.notify();
        });
    } catch (const SpawnError& error) {
        last_exit_ = error.what();
        died_ = true;
        cause_ = RestartCause::start_failed;
        co_return;
    }
    co_await wait_until_ready();
    if (ready_at_) co_await serve();
    co_await end_process();
}

awaitable<void> Worker::wait_until_ready() {
    const DeadlineStop limit(clock_, spawned_at_ + limits_.start, stop_.get_token());
    const std::stop_token token = limit.token();
    if (model_.bytes > 0)
        loading_.emplace(clock_, process_->pid(), model_, [this] { owner_.worker_changed(*this); });
    const bool ready = co_await engine_->wait_ready(token);
    loading_.reset();
    if (ready) {
        ready_at_ = clock_.now();
        owner_.worker_loaded(*this,
                             std::chrono::duration_cast<milliseconds>(*ready_at_ - spawned_at_));
        log::info(log::worker(name_), "ready in {:.2f} s (pid {})",
                  std::chrono::duration<double>(*ready_at_ - spawned_at_).count(), process_->pid());
    } else if (token.stop_requested() && !stop_.stop_requested()) {
        process_->kill("not ready within timeouts.start", RestartCause::not_ready);
    }
}

awaitable<void> Worker::serve() {
    make_available();
    TimePoint check_at = clock_.now() + limits_.health_interval;
    while (!process_->ended() && (leased_ || !stop_.stop_requested())) {
        const TimePoint deadline = leased_ ? never : check_at;
        const Event::Wake wake = co_await life_.wait(deadline);
        if (process_->ended() || leased_) continue;
        bool fit = true;
        const bool used = state_ == WorkerState::busy || wake == Event::Wake::deadline;
        if (state_ == WorkerState::busy) {
            fit = co_await settle();
        } else if (wake == Event::Wake::deadline) {
            fit = co_await check_health();
        }
        if (!fit || retire()) break;
        if (!used) continue;
        check_at = clock_.now() + limits_.health_interval;
        make_available();
    }
}

// After a lease: true if the worker can be leased again.
awaitable<bool> Worker::settle() {
    ++served_;
    if (engine_->idle()) co_return true;
    enter(WorkerState::recovering);
    const bool recovered = co_await recover();
    co_return recovered;
}

// While an engine computes its prompt it does not hear an interruption. It is waited for as long as
// it computes, but no longer than it took to load: from then on a new process is the better choice.
awaitable<bool> Worker::recover() {
    TimePoint at_the_latest = clock_.now() + limits_.cancel;
    if (engine_->computing_prompt()) at_the_latest += *ready_at_ - spawned_at_;
    const ProgressStop bound(clock_, process_->child(), limits_.cancel, {}, at_the_latest);
    const std::stop_token token = bound.token();
    const bool recovered = co_await engine_->recover(token);
    if (!recovered && bound.stalled())
        process_->kill("did not stop answering in time", RestartCause::hung);
    exit_expected_ = !recovered && !bound.stalled();
    co_return recovered;
}

awaitable<bool> Worker::check_health() {
    enter(WorkerState::checking);
    const DeadlineStop limit(clock_, clock_.now() + limits_.health_timeout);
    const std::stop_token token = limit.token();
    const bool healthy = co_await engine_->probe(token);
    if (!healthy) process_->kill("failed its health check", RestartCause::unhealthy);
    co_return healthy;
}

// Between two requests: true if the process is to go for a fresh one.
bool Worker::retire() {
    const std::string reason = retirement_reason();
    if (reason.empty() || !owner_.worker_may_retire(*this)) return false;
    retiring_ = reason;
    enter(WorkerState::retiring);
    return true;
}

std::string Worker::retirement_reason() const {
    if (next_engine_) return "its configuration changed";
    ProcessAge process{served_ - served_before_, {}, 0};
    process.age = std::chrono::duration_cast<milliseconds>(clock_.now() - spawned_at_);
    if (limits_.recycle.memory_limit_mib > 0)
        process.private_bytes = read_private_memory(process_->pid()).value_or(0);
    return retirement_due(limits_.recycle, process, fraction_);
}

// Sees the process to its end, however it stands, and keeps what it ended of.
awaitable<void> Worker::end_process() {
    const bool asked = stop_.stop_requested();
    if (asked) enter(WorkerState::stopping);
    while (leased_) co_await life_.wait();  // its holder may be waiting for the same end
    // Its output ended or made no sense: most likely it is about to exit.
    if (!asked && retiring_.empty()) {
        co_await process_->death();
        died_ = true;
    }
    const bool politely = asked || !retiring_.empty();
    co_await process_->end(politely);
    co_await process_->join();
    if (exit_expected_ && process_->exited_cleanly()) died_ = false;
    cause_ = restart_cause();
    last_exit_ = retiring_.empty() ? process_->describe() : "replaced: " + retiring_;
    if (!died_ && retiring_.empty()) last_exit_ += " on being interrupted";
    if (const std::string told = engine_->errors_told(); !ready_at_ && !told.empty())
        last_exit_ += ": " + told;
    process_.reset();
}

// Once the process has ended.
RestartCause Worker::restart_cause() const {
    if (!retiring_.empty())
        return next_engine_ ? RestartCause::reconfigured : RestartCause::recycled;
    if (exit_expected_ && process_->exited_cleanly()) return RestartCause::interrupted;
    const RestartCause cause = process_->cause();
    return ready_at_ || cause == RestartCause::not_ready ? cause : RestartCause::start_failed;
}

Worker::Snapshot Worker::snapshot() const {
    std::optional<pid_t> pid;
    if (process_) pid = process_->pid();
    std::optional<LoadingProgress> loading;
    if (loading_) loading = loading_->progress();
    return {
        name_,      state_, state_since_, pid, spawned_at_, served_, spawns_ > 0 ? spawns_ - 1 : 0,
        last_exit_, loading};
}

}  // namespace corral
