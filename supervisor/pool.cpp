#include "supervisor/pool.hpp"

#include <algorithm>
#include <cmath>

#include "config/duration.hpp"
#include "supervisor/fatal.hpp"
#include "supervisor/log.hpp"

namespace corral {
namespace {

constexpr double service_weight = 0.2;       // of the newest measurement in the average
constexpr double service_ms_assumed = 1000;  // before anything was measured
constexpr unsigned retry_after_max = 600;

}  // namespace

Pool::Pool(asio::any_io_executor executor, Clock& clock, Settings settings,
           std::function<void(const Worker&)> observer)
    : executor_(executor),
      clock_(clock),
      settings_(std::move(settings)),
      observer_(std::move(observer)),
      queue_(settings_.queue.limit),
      storm_(settings_.restart),
      quarantine_(settings_.failover.quarantine),
      metrics_(clock),
      visited_(executor, clock),
      tasks_(executor, clock, fatal_task_error) {}

void Pool::add(std::unique_ptr<Worker> worker) {
    workers_.push_back(std::move(worker));
    if (started_) tasks_.spawn(workers_.back()->name(), live(*workers_.back()));
}

void Pool::start() {
    started_ = true;
    for (const auto& worker : workers_) tasks_.spawn(worker->name(), live(*worker));
}

awaitable<void> Pool::live(Worker& worker) {
    co_await worker.run();
    std::erase_if(leaving_, [&](const auto& one) { return one.get() == &worker; });
}

void Pool::set(const Settings& settings) {
    settings_ = settings;
    queue_.set_limit(settings_.queue.limit);
    storm_.set(settings_.restart);
    quarantine_.set_ttl(settings_.failover.quarantine);
}

void Pool::release_last() {
    leaving_.push_back(std::move(workers_.back()));
    workers_.pop_back();
    leaving_.back()->request_stop();
}

awaitable<void> Pool::drain() {
    while (visits_ > 0) co_await visited_.wait();
}

awaitable<void> Pool::stop() {
    for (const auto& worker : workers_) worker->request_stop();
    co_await tasks_.join();
}

void Pool::kill() {
    for (const auto& worker : workers_) worker->kill();
    for (const auto& worker : leaving_) worker->kill();
}

std::optional<Lease> Pool::lease_any() {
    for (const auto& worker : workers_)
        if (auto lease = worker->try_lease()) return lease;
    return std::nullopt;
}

void Pool::grant() {
    while (!queue_.empty()) {
        auto lease = lease_any();
        if (!lease) return;
        auto& next = static_cast<Waiter&>(queue_.take_next());
        next.lease.emplace(std::move(*lease));
        next.granted.notify();
    }
}

awaitable<Pool::Acquired> Pool::acquire(Place place, Origin origin, std::stop_token stop) {
    if (stop.stop_requested()) co_return Refusal::stopped;
    if (auto lease = lease_any()) {
        queue_.note_turn(origin);
        co_return std::move(*lease);
    }
    if (place == Place::back && !queue_.has_place(origin)) co_return Refusal::full;
    Waiter self(executor_, clock_);
    self.origin = std::move(origin);
    self.front = place == Place::front;
    queue_.push(self);
    const TimePoint deadline = self.front ? never : clock_.now() + settings_.queue.timeout;
    const Event::Wake wake = co_await self.granted.wait(deadline, stop);
    if (self.lease) co_return std::move(*self.lease);
    queue_.remove(self);
    co_return wake == Event::Wake::deadline ? Refusal::timeout : Refusal::stopped;
}

void Pool::worker_available(const Worker& worker) {
    if (&worker == probe_) {
        judge_at_ =
            clock_.call_at(*worker.ready_at() + settings_.restart.max, [this] { judge_probe(); });
        judge_probe();
    }
    grant();
    // Whoever had to wait with being replaced until this one was back.
    for (const auto& other : workers_)
        if (other.get() != &worker && other->outdated()) other->reconsider();
}

void Pool::worker_changed(const Worker& worker) {
    if (&worker == probe_ && worker.state() == WorkerState::stopped) release_probe();
    observer_(worker);
}

void Pool::worker_died(const Worker& worker, bool idle) {
    const TimePoint now = clock_.now();
    // A death in a request's hands is told by who held it.
    if (idle) quarantine_.note_idle_death(now);
    const bool begins = storm_.note_death(now, &worker == probe_);
    if (storm_.failing()) storm_cause_ = worker.snapshot().last_exit;
    if (begins) log::error(log::pool(config().name), "{}", failing());
    if (&worker == probe_) release_probe();
}

void Pool::worker_restarts(const Worker& worker, RestartCause cause) {
    metrics_.note_restart(cause);
    deaths_.note({clock_.now(), worker.name(), cause, worker.snapshot().last_exit});
}

TimePoint Pool::worker_may_start_at(const Worker& worker) {
    if (!storm_.failing()) return clock_.now();
    if (!probe_) probe_ = &worker;
    return probe_ == &worker ? storm_.next_probe_at() : never;
}

void Pool::judge_probe() {
    const bool loaded = probe_ && probe_->loaded();
    if (!loaded) return;
    const auto ready_for =
        std::chrono::duration_cast<milliseconds>(clock_.now() - *probe_->ready_at());
    if (!storm_.note_probe(ready_for, answered_)) return;
    log::info(log::pool(config().name), "worker {} lives and works; the others are started again",
              probe_->name());
    release_probe();
}

void Pool::release_probe() {
    probe_ = nullptr;
    answered_ = false;
    judge_at_.reset();
    for (const auto& worker : workers_) worker->reconsider();
}

std::string Pool::failing() const {
    if (!storm_.failing()) return "";
    return "failing: " + std::to_string(settings_.restart.storm_deaths) + " workers died within " +
           format_duration(settings_.restart.storm_window) +
           "; one at a time is tried until one works; the last death: " + storm_cause_;
}

// One at a time, and never the last one that works. A pool of one has no choice.
bool Pool::worker_may_retire(const Worker& worker) {
    bool another_works = workers_.size() == 1;
    for (const auto& other : workers_) {
        if (other.get() == &worker) continue;
        const WorkerState state = other->state();
        if (state == WorkerState::retiring || state == WorkerState::starting) return false;
        another_works = another_works || other->loaded();
    }
    return another_works;
}

void Pool::note_service(milliseconds duration) {
    answered_ = true;
    const auto ms = static_cast<double>(duration.count());
    service_ms_ = service_ms_ == 0 ? ms : service_ms_ + service_weight * (ms - service_ms_);
}

// Of a request that comes now, while so many workers work and none idles.
double Pool::seconds_until_turn(std::size_t workers) const {
    const double each = service_ms_ == 0 ? service_ms_assumed : service_ms_;
    const double ahead = static_cast<double>(queue_.size() + 1);
    return each * ahead / static_cast<double>(workers) / 1000;
}

unsigned Pool::retry_after_seconds() const {
    const double seconds = std::ceil(seconds_until_turn(workers_.size()));
    return static_cast<unsigned>(std::clamp(seconds, 1.0, double{retry_after_max}));
}

std::vector<Worker::Snapshot> Pool::workers() const {
    std::vector<Worker::Snapshot> snapshots;
    for (const auto& worker : workers_) snapshots.push_back(worker->snapshot());
    for (const auto& worker : leaving_) snapshots.push_back(worker->snapshot());
    return snapshots;
}

bool Pool::loaded() const {
    return std::ranges::any_of(workers_, [](const auto& worker) { return worker->loaded(); });
}

std::string Pool::not_ready() const {
    const auto loaded = std::ranges::count_if(workers_, [](const auto& w) { return w->loaded(); });
    if (loaded == 0) return "no worker has a loaded model";
    const bool idle = std::ranges::any_of(
        workers_, [](const auto& worker) { return worker->state() == WorkerState::ready; });
    if (idle) return "";
    if (queue_.size() >= queue_.limit()) return "every worker is busy and the queue is full";
    const double seconds = seconds_until_turn(static_cast<std::size_t>(loaded));
    const std::chrono::duration<double> timeout = settings_.queue.timeout;
    if (seconds <= timeout.count()) return "";
    return fmt::format("a request would wait for about {:.0f} s, longer than queue.timeout ({})",
                       seconds, format_duration(settings_.queue.timeout));
}

}  // namespace corral
