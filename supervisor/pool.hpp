// The workers of one model and the bounded queue before them. A request never waits while a worker
// is ready, and those that wait are served in order. Owned by the supervisor.
#pragma once

#include <list>
#include <memory>
#include <variant>
#include <vector>

#include "async/cancellation.hpp"
#include "supervisor/worker.hpp"

namespace corral {

class Pool {
  public:
    enum class Refusal {
        full,     // the queue's limit is reached
        timeout,  // waited for queue.timeout
        stopped,  // `stop` was requested
    };
    using Acquired = std::variant<Lease, Refusal>;
    enum class Place { back, front };  // front: it had been served, and lost its worker

    struct QueueSnapshot {
        std::size_t length;
        std::size_t limit;
    };

    Pool(asio::any_io_executor executor, Clock& clock, const PoolConfig& config,
         const QueueConfig& queue);

    const PoolConfig& config() const { return config_; }
    // Called before start(). A worker's Hooks::available must call grant().
    void add(std::unique_ptr<Worker> worker) { workers_.push_back(std::move(worker)); }
    void start();
    // Asks every worker to stop and returns when all have.
    awaitable<void> stop();
    // Kills every worker's child; stop() must follow.
    void kill();

    // Waits for a worker; at most queue.timeout, and no longer than `stop` allows. Only a request
    // at the back can find the queue full.
    awaitable<Acquired> acquire(Place place, std::stop_token stop);
    // Hands ready workers to those who wait.
    void grant();

    // Seconds after which a refused client may hope for a place: the queue's work at the measured
    // service time.
    unsigned retry_after_seconds() const;
    QueueSnapshot queue() const { return {waiting_.size(), limit_}; }
    std::vector<Worker::Snapshot> workers() const;
    bool ready() const;  // some worker has a loaded model

    // How long a lease was held, for the estimate above.
    void note_service(milliseconds duration);

  private:
    struct Waiter {
        Event granted;
        std::optional<Lease> lease;
    };

    std::optional<Lease> lease_any();

    asio::any_io_executor executor_;
    Clock& clock_;
    PoolConfig config_;
    std::size_t limit_;
    milliseconds timeout_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::list<Waiter*> waiting_;
    double service_ms_ = 0;  // moving average; 0 until measured
    TaskGroup tasks_;
};

}  // namespace corral
