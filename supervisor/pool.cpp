#include "supervisor/pool.hpp"

#include <algorithm>
#include <cmath>

#include "supervisor/fatal.hpp"

namespace corral {
namespace {

constexpr double service_weight = 0.2;       // of the newest measurement in the average
constexpr double service_ms_assumed = 1000;  // before anything was measured
constexpr unsigned retry_after_max = 600;

}  // namespace

Pool::Pool(asio::any_io_executor executor, Clock& clock, const PoolConfig& config,
           const QueueConfig& queue)
    : executor_(executor),
      clock_(clock),
      config_(config),
      limit_(queue.limit),
      timeout_(queue.timeout),
      tasks_(executor, clock, fatal_task_error) {}

void Pool::start() {
    for (const auto& worker : workers_) tasks_.spawn(worker->name(), worker->run());
}

awaitable<void> Pool::stop() {
    for (const auto& worker : workers_) worker->request_stop();
    co_await tasks_.join();
}

void Pool::kill() {
    for (const auto& worker : workers_) worker->kill();
}

std::optional<Lease> Pool::lease_any() {
    for (const auto& worker : workers_)
        if (auto lease = worker->try_lease()) return lease;
    return std::nullopt;
}

void Pool::grant() {
    while (!waiting_.empty()) {
        auto lease = lease_any();
        if (!lease) return;
        Waiter& first = *waiting_.front();
        waiting_.pop_front();
        first.lease.emplace(std::move(*lease));
        first.granted.notify();
    }
}

awaitable<Pool::Acquired> Pool::acquire(Place place, std::stop_token stop) {
    if (stop.stop_requested()) co_return Refusal::stopped;
    if (waiting_.empty() || place == Place::front)
        if (auto lease = lease_any()) co_return std::move(*lease);
    if (place == Place::back && waiting_.size() >= limit_) co_return Refusal::full;
    Waiter self{Event(executor_, clock_), std::nullopt};
    waiting_.insert(place == Place::front ? waiting_.begin() : waiting_.end(), &self);
    const TimePoint deadline = clock_.now() + timeout_;
    const Event::Wake wake = co_await self.granted.wait(deadline, stop);
    if (self.lease) co_return std::move(*self.lease);
    waiting_.remove(&self);
    co_return wake == Event::Wake::deadline ? Refusal::timeout : Refusal::stopped;
}

void Pool::note_service(milliseconds duration) {
    const auto ms = static_cast<double>(duration.count());
    service_ms_ = service_ms_ == 0 ? ms : service_ms_ + service_weight * (ms - service_ms_);
}

unsigned Pool::retry_after_seconds() const {
    const double each = service_ms_ == 0 ? service_ms_assumed : service_ms_;
    const double ahead = static_cast<double>(waiting_.size() + 1);
    const double seconds = each * ahead / static_cast<double>(workers_.size()) / 1000;
    return static_cast<unsigned>(std::clamp(std::ceil(seconds), 1.0, double{retry_after_max}));
}

std::vector<Worker::Snapshot> Pool::workers() const {
    std::vector<Worker::Snapshot> snapshots;
    for (const auto& worker : workers_) snapshots.push_back(worker->snapshot());
    return snapshots;
}

bool Pool::ready() const {
    return std::ranges::any_of(workers_, [](const auto& worker) { return worker->loaded(); });
}

}  // namespace corral
