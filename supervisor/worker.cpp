#include "supervisor/worker.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <cassert>
#include <csignal>

#include "supervisor/fatal.hpp"

namespace corral {
namespace {

constexpr milliseconds term_grace{2000};  // SIGTERM to SIGKILL
constexpr milliseconds exit_grace{500};   // end of output to exit
constexpr milliseconds pipe_grace{1000};  // exit to end of output
constexpr milliseconds kill_patience{10000};

}  // namespace

std::string_view to_string(WorkerState state) {
    switch (state) {
        case WorkerState::starting:
            return "starting";
        case WorkerState::ready:
            return "ready";
        case WorkerState::busy:
            return "busy";
        case WorkerState::recovering:
            return "recovering";
        case WorkerState::checking:
            return "checking";
        case WorkerState::backoff:
            return "backoff";
        case WorkerState::stopping:
            return "stopping";
        case WorkerState::stopped:
            return "stopped";
    }
    return "?";
}

Lease::~Lease() {
    if (worker_) worker_->check_in();
}

Engine& Lease::engine() const {
    return *worker_->engine_;
}

Worker::Worker(asio::any_io_executor executor, Clock& clock, Spawner& spawner, std::string name,
               std::unique_ptr<Engine> engine, RestartPolicy policy, Limits limits, Hooks hooks)
    : clock_(clock),
      spawner_(spawner),
      name_(std::move(name)),
      engine_(std::move(engine)),
      policy_(std::move(policy)),
      limits_(limits),
      hooks_(std::move(hooks)),
      life_(executor, clock),
      tasks_(executor, clock, fatal_task_error) {}

void Worker::enter(WorkerState state) {
    state_ = state;
    state_since_ = clock_.now();
    spdlog::debug("worker {}: {}", name_, to_string(state));
    hooks_.state_changed(*this);
}

void Worker::request_stop() {
    stop_.request_stop();
    life_.notify();
}

void Worker::kill() {
    request_stop();
    if (child_) child_->signal_group(SIGKILL);
}

std::optional<Lease> Worker::try_lease() {
    if (state_ != WorkerState::ready || exit_ || stop_.stop_requested()) return std::nullopt;
    leased_ = true;
    enter(WorkerState::busy);
    return Lease(*this);
}

void Worker::check_in() {
    assert(leased_);
    leased_ = false;
    life_.notify();
}

void Worker::make_available() {
    enter(WorkerState::ready);
    hooks_.available();
}

awaitable<void> Worker::run() {
    while (!stop_.stop_requested()) {
        ready_at_.reset();
        exit_.reset();
        exit_expected_ = false;
        kill_reason_.clear();
        co_await live();
        if (stop_.stop_requested()) break;
        if (exit_expected_) {
            spdlog::info("worker {}: ended on being interrupted; starting it again", name_);
            continue;
        }
        std::optional<milliseconds> ready_for;
        if (ready_at_)
            ready_for = std::chrono::duration_cast<milliseconds>(clock_.now() - *ready_at_);
        const milliseconds delay = policy_.after_death(ready_for);
        spdlog::warn("worker {}: {}; starting it again in {} ms", name_, last_exit_, delay.count());
        co_await back_off(delay);
    }
    enter(WorkerState::stopped);
}

awaitable<void> Worker::back_off(milliseconds delay) {
    enter(WorkerState::backoff);
    const TimePoint until = clock_.now() + delay;
    while (!stop_.stop_requested() && clock_.now() < until) co_await life_.wait(until);
}

// One process, from spawn to its end.
awaitable<void> Worker::live() {
    enter(WorkerState::starting);
    ++spawns_;
    spawned_at_ = clock_.now();
    try {
        child_ = spawner_.spawn(engine_->command());
    } catch (const SpawnError& error) {
        last_exit_ = error.what();
        co_return;
    }
    engine_->attach(*child_);
    tasks_.spawn(name_ + " exit", watch_exit());
    tasks_.spawn(name_ + " log", drain_log());
    bool ready = false;
    {
        const DeadlineStop limit(clock_, spawned_at_ + limits_.start, stop_.get_token());
        const std::stop_token token = limit.token();
        ready = co_await engine_->wait_ready(token);
        if (!ready && token.stop_requested() && !stop_.stop_requested())
            kill_reason_ = "not ready in time";
    }
    if (ready) {
        ready_at_ = clock_.now();
        spdlog::info("worker {}: ready in {:.2f} s (pid {})", name_,
                     std::chrono::duration<double>(*ready_at_ - spawned_at_).count(),
                     child_->pid());
        co_await serve();
    }
    co_await end_child();
}

awaitable<void> Worker::serve() {
    make_available();
    TimePoint check_at = clock_.now() + limits_.health_interval;
    while (!exit_ && (leased_ || !stop_.stop_requested())) {
        const TimePoint deadline = leased_ ? never : check_at;
        const Event::Wake wake = co_await life_.wait(deadline);
        if (exit_ || leased_) continue;
        bool fit = true;
        if (state_ == WorkerState::busy) {
            fit = co_await settle();
        } else if (wake == Event::Wake::deadline) {
            fit = co_await check_health();
        } else {
            continue;
        }
        if (!fit) break;
        check_at = clock_.now() + limits_.health_interval;
        make_available();
    }
}

// After a lease: true if the worker can be leased again.
awaitable<bool> Worker::settle() {
    ++served_;
    if (engine_->idle()) co_return true;
    enter(WorkerState::recovering);
    const DeadlineStop limit(clock_, clock_.now() + limits_.cancel);
    const std::stop_token token = limit.token();
    const bool recovered = co_await engine_->recover(token);
    if (!recovered && token.stop_requested()) kill_reason_ = "did not stop answering in time";
    exit_expected_ = !recovered && !token.stop_requested();
    co_return recovered;
}

awaitable<bool> Worker::check_health() {
    enter(WorkerState::checking);
    const DeadlineStop limit(clock_, clock_.now() + limits_.health_timeout);
    const std::stop_token token = limit.token();
    const bool healthy = co_await engine_->probe(token);
    if (!healthy) kill_reason_ = "failed its health check";
    co_return healthy;
}

// Sees the child to its end, however it stands, and keeps what it ended of.
awaitable<void> Worker::end_child() {
    const bool asked = stop_.stop_requested();
    if (asked) enter(WorkerState::stopping);
    bool gone = exit_.has_value();
    if (!gone && asked) {
        child_->signal_group(SIGTERM);
        gone = co_await wait_exit(term_grace);
    } else if (!gone && kill_reason_.empty()) {
        // Its output ended or made no sense: most likely it is about to exit.
        gone = co_await wait_exit(exit_grace);
        if (!gone) kill_reason_ = "broke the pipe protocol";
    }
    while (!gone) {
        child_->signal_group(SIGKILL);
        gone = co_await wait_exit(kill_patience);
        if (!gone) spdlog::error("worker {}: pid {} survives SIGKILL", name_, child_->pid());
    }
    while (leased_) co_await life_.wait();
    co_await tasks_.join();
    close_pipes_.reset();
    exit_expected_ = exit_expected_ && exit_->clean();
    last_exit_ = exit_->describe();
    if (!kill_reason_.empty()) last_exit_ = "killed: " + kill_reason_;
    if (!ready_at_ && !engine_->last_error().empty()) last_exit_ += ": " + engine_->last_error();
    child_.reset();
}

awaitable<bool> Worker::wait_exit(milliseconds at_most) {
    const TimePoint deadline = clock_.now() + at_most;
    while (!exit_ && clock_.now() < deadline) co_await life_.wait(deadline);
    co_return exit_.has_value();
}

awaitable<void> Worker::watch_exit() {
    const ExitStatus status = co_await child_->wait();
    exit_ = status;
    // A grandchild may hold the pipes open: whoever reads them must not wait for it.
    close_pipes_ = clock_.call_at(clock_.now() + pipe_grace, [this] {
        error_code ignored;
        child_->output.close(ignored);
        child_->errors.close(ignored);
    });
    life_.notify();
}

awaitable<void> Worker::drain_log() {
    std::array<char, 16 * 1024> bytes;
    error_code ec;
    while (!ec) {
        const auto space = asio::buffer(bytes);
        const std::size_t size = co_await child_->errors.async_read_some(space, into(ec));
        engine_->log_bytes(std::string_view(bytes.data(), size));
    }
}

Worker::Snapshot Worker::snapshot() const {
    std::optional<pid_t> pid;
    if (child_) pid = child_->pid();
    return {
        name_,     state_, state_since_, pid, spawned_at_, served_, spawns_ > 0 ? spawns_ - 1 : 0,
        last_exit_};
}

}  // namespace corral
