// One worker: a place in a pool, the engine that speaks with its process, and its life. Owned by a
// pool.
//
// The life is one coroutine, run(): spawn, wait until ready, serve, see the process die or end it,
// back off, again. WorkerState is its observable label, set in one place.
//     starting ─ready→ ready ⇄ busy (leased) ; busy → recovering → ready (an answer was left
//     unfinished) ; ready ⇄ checking (health) ; ready → retiring → starting (recycled, or its
//     command line changed) ; any of these ─death→ backoff → starting ; any ─request_stop()→
//     stopping → stopped ; a leased worker stops when its lease is back
// Three things are kept apart: the state, what is wanted (stop_, next_engine_) and why the last
// process ended (last_exit_). The lease holder alone talks to the engine while it holds the lease;
// run() alone does at all other times.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "config/config.hpp"
#include "ipc/engine.hpp"
#include "supervisor/model_loading.hpp"
#include "supervisor/restart_policy.hpp"
#include "supervisor/worker_process.hpp"
#include "supervisor/worker_state.hpp"

namespace corral {

class Worker;

// The right to use a worker for one answer. Giving it back (destroying it) never waits: what an
// unfinished answer needs is done by the worker's own coroutine.
class Lease {
  public:
    explicit Lease(Worker& worker) : worker_(&worker) {}
    Lease(Lease&& other) noexcept : worker_(std::exchange(other.worker_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease();

    const Worker& worker() const { return *worker_; }
    // As those of Engine; a process that makes no progress for timeouts.stall is killed, which
    // shows as Failure::Kind::lost.
    void begin(const Conversation& conversation);
    awaitable<AnswerEvent> next_event(std::stop_token stop);
    Usage usage() const;
    // After Failure::Kind::lost or broken: how the process died; nothing if that was before it took
    // anything of the request. Waits for a moment at most.
    awaitable<std::optional<Death>> death();

  private:
    Worker* worker_;
};

class Worker {
  public:
    struct Limits {
        milliseconds start, stall, cancel, health_interval, health_timeout;
        RecycleConfig recycle;
    };
    // Who keeps the worker: hears of it and decides what concerns more than one.
    class Owner {
      public:
        virtual ~Owner() = default;
        virtual void worker_available(const Worker& worker) = 0;  // it could be leased now
        // Its state did, or how much of its model is loaded.
        virtual void worker_changed(const Worker& worker) = 0;
        // Its process ended, and that was no decision of ours. `idle`: it took requests and was in
        // nobody's hands.
        virtual void worker_died(const Worker& worker, bool idle) = 0;
        // For figures: its process became ready for the first time; it is to get another process.
        virtual void worker_loaded(const Worker& worker, milliseconds took) = 0;
        virtual void worker_restarts(const Worker& worker, RestartCause cause) = 0;
        // When its next process may start, as far as the others are concerned: now or earlier, some
        // later time, or `never`: not before reconsider().
        virtual TimePoint worker_may_start_at(const Worker& worker) = 0;
        // Whether its process may be replaced now.
        virtual bool worker_may_retire(const Worker& worker) = 0;
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
        std::optional<LoadingProgress> loading = std::nullopt;  // while it loads
    };
    // What a worker is made of beyond its surroundings. `random` draws from [0, 1). Without files
    // of a model its loading is not looked at.
    struct Parts {
        std::string name;
        std::unique_ptr<Engine> engine;
        ModelFiles model;
        RestartPolicy policy;
        Limits limits;
        std::function<double()> random;
    };

    Worker(asio::any_io_executor executor, Clock& clock, Spawner& spawner, Parts parts,
           Owner& owner);

    // The worker's life; returns after request_stop(), once the child is gone. To be run once.
    awaitable<void> run();
    // Ends the life: at once when idle, after the lease is back when leased.
    void request_stop();
    // The same without mercy: the child is killed now.
    void kill();
    // A lease if the worker is ready, nothing otherwise.
    std::optional<Lease> try_lease();
    // New limits and policy at once. If the engine's command line is another one, the next process
    // is of the new engine, and is to replace the present one when that is idle and the owner
    // agrees.
    void reconfigure(Parts parts);
    // Something changed that the owner may decide differently about.
    void reconsider() { life_.notify(); }

    Snapshot snapshot() const;
    const std::string& name() const { return name_; }
    bool loaded() const { return ready_at_ && process_ && !process_->ended(); }  // model in memory
    bool outdated() const { return next_engine_ != nullptr; }
    WorkerState state() const { return state_; }
    // Of the answer under way, as far as it is known.
    Usage usage() const { return engine_->usage(); }
    // The command line of its next process.
    Command command() const { return (next_engine_ ? next_engine_ : engine_)->command(); }
    std::optional<TimePoint> ready_at() const { return ready_at_; }  // of the present process

  private:
    friend class Lease;

    awaitable<void> live();
    awaitable<void> wait_until_ready();
    awaitable<void> serve();
    awaitable<bool> settle();
    awaitable<bool> recover();
    awaitable<bool> check_health();
    bool retire();
    std::string retirement_reason() const;
    RestartCause restart_cause() const;
    awaitable<void> end_process();
    awaitable<void> back_off(milliseconds delay);
    awaitable<AnswerEvent> next_event(std::stop_token stop);
    void make_available();
    void check_in();
    void enter(WorkerState state);

    asio::any_io_executor executor_;
    Clock& clock_;
    Spawner& spawner_;
    std::string name_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Engine> next_engine_;  // waits for the next process
    ModelFiles model_;                     // of the next process
    RestartPolicy policy_;
    Limits limits_;
    std::function<double()> random_;
    Owner& owner_;

    WorkerState state_ = WorkerState::stopped;
    TimePoint state_since_;
    TimePoint ready_since_;
    std::stop_source stop_;  // what is wanted
    bool leased_ = false;
    std::optional<WorkerProcess> process_;
    std::optional<LoadingWatch> loading_;  // of process_, until it is ready
    std::optional<TimePoint> ready_at_;    // of process_
    TimePoint spawned_at_;
    double fraction_ = 0;         // of process_, see supervisor/retirement.hpp
    bool died_leased_ = false;    // process_ did, with a request that it had read
    bool exit_expected_ = false;  // our SIGINT may have ended process_: no crash
    std::string retiring_;        // why process_ is replaced though nothing is wrong
    bool died_ = false;           // the last process did, by no decision of ours
    std::uint64_t spawns_ = 0;
    std::uint64_t served_ = 0;
    std::uint64_t served_before_ = 0;  // by earlier processes
    std::string last_exit_;
    RestartCause cause_ = RestartCause::exited;  // of the last process's end
    Event life_;  // an exit, a returned lease, a stop, new circumstances
};

}  // namespace corral
