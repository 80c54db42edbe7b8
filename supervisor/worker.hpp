// One worker: a child process, the engine that speaks with it, and its life. Owned by a pool.
//
// The life is one coroutine, run(): spawn, wait until ready, serve, see the child die or end it,
// back off, again. The enum below is its observable label, set in one place.
//     starting ─ready→ ready ⇄ busy (leased) ; busy → recovering → ready (an answer was left
//     unfinished) ready ⇄ checking (health) ; any of these ─death→ backoff → starting any
//     ─request_stop()→ stopping → stopped ; a leased worker stops when its lease is back
// Three things are kept apart: the state, what is wanted (stop_requested_) and why the last process
// ended (last_exit_). The lease holder alone talks to the engine while it holds the lease; run()
// alone does at all other times.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/deadline_stop.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"
#include "config/config.hpp"
#include "ipc/engine.hpp"
#include "supervisor/restart_policy.hpp"

namespace corral {

enum class WorkerState { starting, ready, busy, recovering, checking, backoff, stopping, stopped };
std::string_view to_string(WorkerState state);

class Worker;

// The right to use a worker's engine. Giving it back (destroying it) never waits: what an
// unfinished answer needs is done by the worker's own coroutine.
class Lease {
  public:
    explicit Lease(Worker& worker) : worker_(&worker) {}
    Lease(Lease&& other) noexcept : worker_(std::exchange(other.worker_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Engine& engine() const;
    const Worker& worker() const { return *worker_; }

  private:
    Worker* worker_;
};

class Worker {
  public:
    struct Limits {
        milliseconds start, cancel, health_interval, health_timeout;
    };
    struct Hooks {
        std::function<void()> available;                   // it could be leased now
        std::function<void(const Worker&)> state_changed;  // for those who watch
    };
    // What others may see.
    struct Snapshot {
        std::string name;
        WorkerState state;
        TimePoint state_since;
        std::optional<pid_t> pid;
        TimePoint spawned_at;
        std::uint64_t served;
        std::uint64_t restarts;
        std::string last_exit;  // "" as long as no process of it has ended
    };

    Worker(asio::any_io_executor executor, Clock& clock, Spawner& spawner, std::string name,
           std::unique_ptr<Engine> engine, RestartPolicy policy, Limits limits, Hooks hooks);

    // The worker's life; returns after request_stop(), once the child is gone. To be run once.
    awaitable<void> run();
    // Ends the life: at once when idle, after the lease is back when leased.
    void request_stop();
    // The same without mercy: the child is killed now.
    void kill();
    // A lease if the worker is ready, nothing otherwise.
    std::optional<Lease> try_lease();

    Snapshot snapshot() const;
    bool loaded() const { return ready_at_ && !exit_; }  // its model is in memory
    const std::string& name() const { return name_; }

  private:
    friend class Lease;

    awaitable<void> live();
    awaitable<void> serve();
    awaitable<bool> settle();
    awaitable<bool> check_health();
    awaitable<void> end_child();
    awaitable<void> back_off(milliseconds delay);
    awaitable<void> watch_exit();
    awaitable<void> drain_log();
    awaitable<bool> wait_exit(milliseconds at_most);
    void make_available();
    void check_in();
    void enter(WorkerState state);

    Clock& clock_;
    Spawner& spawner_;
    std::string name_;
    std::unique_ptr<Engine> engine_;
    RestartPolicy policy_;
    Limits limits_;
    Hooks hooks_;

    WorkerState state_ = WorkerState::stopped;
    TimePoint state_since_;
    std::stop_source stop_;  // what is wanted
    bool leased_ = false;
    std::unique_ptr<Child> child_;
    std::optional<ExitStatus> exit_;     // of child_
    std::optional<TimePoint> ready_at_;  // of child_
    std::string kill_reason_;            // why child_ was ended by us
    bool exit_expected_ = false;         // our SIGINT may have ended it: no crash
    TimePoint spawned_at_;
    std::uint64_t spawns_ = 0;
    std::uint64_t served_ = 0;
    std::string last_exit_;
    std::unique_ptr<Alarm> close_pipes_;
    Event life_;       // an exit, a returned lease, a stop
    TaskGroup tasks_;  // watch_exit and drain_log of child_
};

}  // namespace corral
