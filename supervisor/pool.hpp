// The workers of one model and the bounded queue before them. A request never waits while a worker
// is ready; whose turn is next among those that wait is supervisor/fair_queue.hpp. Decides what
// concerns several workers: who starts while the pool is failing, who may be replaced. Owned by the
// supervisor.
#pragma once

#include <list>
#include <memory>
#include <variant>
#include <vector>

#include "async/cancellation.hpp"
#include "supervisor/crash_storm.hpp"
#include "supervisor/fair_queue.hpp"
#include "supervisor/pool_metrics.hpp"
#include "supervisor/quarantine.hpp"
#include "supervisor/recent_deaths.hpp"
#include "supervisor/worker.hpp"

namespace corral {

class Pool final : private Worker::Owner {
  public:
    struct Settings {
        PoolConfig pool;
        QueueConfig queue;
        RestartConfig restart;
        FailoverConfig failover;
    };
    enum class Refusal {
        full,     // there is no place in the queue
        timeout,  // waited for queue.timeout
        stopped,  // `stop` was requested
    };
    using Acquired = std::variant<Lease, Refusal>;
    enum class Place { back, front };  // front: it had been served, and lost its worker

    struct QueueSnapshot {
        std::size_t length;
        std::size_t limit;
    };

    // `observer` hears of every change of a worker's state.
    Pool(asio::any_io_executor executor, Clock& clock, Settings settings,
         std::function<void(const Worker&)> observer);

    const PoolConfig& config() const { return settings_.pool; }
    const FailoverConfig& failover() const { return settings_.failover; }
    // The workers' owner, to make workers with; and to take them, before start() or later.
    Worker::Owner& owner() { return *this; }
    void add(std::unique_ptr<Worker> worker);
    void start();
    // New settings, at once.
    void set(const Settings& settings);
    // Lets the last worker go, when it is idle.
    void release_last();
    const std::vector<std::unique_ptr<Worker>>& each() const { return workers_; }
    std::size_t size() const { return workers_.size(); }
    // For a pool that gets no new requests: returns when those that it has are answered.
    awaitable<void> drain();
    // Asks every worker to stop and returns when all have.
    awaitable<void> stop();
    // Kills every worker's child; stop() must follow.
    void kill();

    // Waits for a worker; no longer than `stop` allows, and at the back at most queue.timeout. Only
    // a request at the back can find the queue full.
    awaitable<Acquired> acquire(Place place, Origin origin, std::stop_token stop);

    // Held for as long as a request is about to acquire a worker or has one.
    class Visit {
      public:
        explicit Visit(Pool& pool) : pool_(pool) { ++pool_.visits_; }
        Visit(const Visit&) = delete;
        ~Visit() {
            if (--pool_.visits_ == 0) pool_.visited_.notify();
        }

      private:
        Pool& pool_;
    };

    // Seconds after which a refused client may hope for a place: the queue's work at the measured
    // service time.
    unsigned retry_after_seconds() const;
    QueueSnapshot queue() const { return {queue_.size(), queue_.limit()}; }
    std::vector<Worker::Snapshot> workers() const;
    bool loaded() const;  // some worker has a loaded model
    // Why a request that came now could not be taken up within queue.timeout, as far as the
    // measured service time tells; "" if it could.
    std::string not_ready() const;
    // Why only one worker at a time is tried; "" as long as the pool is well.
    std::string failing() const;

    // How long a lease was held, for the estimate above.
    void note_service(milliseconds duration);
    Quarantine& quarantine() { return quarantine_; }
    PoolMetrics& metrics() { return metrics_; }
    const RecentDeaths& deaths() const { return deaths_; }
    PoolMetrics::Failover& counters() { return metrics_.failover(); }

  private:
    struct Waiter : FairQueue::Ticket {
        Waiter(const asio::any_io_executor& executor, Clock& clock) : granted(executor, clock) {}
        Event granted;
        std::optional<Lease> lease;
    };

    void worker_available(const Worker& worker) override;
    void worker_changed(const Worker& worker) override;
    void worker_died(const Worker& worker, bool idle) override;
    void worker_loaded(const Worker&, milliseconds took) override { metrics_.note_start(took); }
    void worker_restarts(const Worker& worker, RestartCause cause) override;
    TimePoint worker_may_start_at(const Worker& worker) override;
    bool worker_may_retire(const Worker& worker) override;

    awaitable<void> live(Worker& worker);
    void grant();
    std::optional<Lease> lease_any();
    double seconds_until_turn(std::size_t workers) const;
    void judge_probe();
    void release_probe();

    asio::any_io_executor executor_;
    Clock& clock_;
    Settings settings_;
    std::function<void(const Worker&)> observer_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::unique_ptr<Worker>> leaving_;
    FairQueue queue_;
    CrashStorm storm_;
    std::string storm_cause_;          // the last death before it
    const Worker* probe_ = nullptr;    // while failing: the one that may start
    bool answered_ = false;            // some worker, since the probe before
    std::unique_ptr<Alarm> judge_at_;  // the probe, if nothing happens
    Quarantine quarantine_;
    PoolMetrics metrics_;
    RecentDeaths deaths_;
    double service_ms_ = 0;  // moving average; 0 until measured
    bool started_ = false;
    std::size_t visits_ = 0;
    Event visited_;  // by the last of visits_
    TaskGroup tasks_;
};

}  // namespace corral
