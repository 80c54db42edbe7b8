// One process of a worker, from spawn to the end of everything it wrote: awaits its exit, drains
// its log into the engine, ends it. Owned by the worker; a new one for every start.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "ipc/engine.hpp"
#include "supervisor/death.hpp"
#include "supervisor/outcome.hpp"

namespace corral {

using std::chrono::milliseconds;

class WorkerProcess {
  public:
    // Spawns and attaches the engine; throws SpawnError. `on_exit` is called once, as soon as the
    // exit is known.
    WorkerProcess(asio::any_io_executor executor, Clock& clock, Spawner& spawner,
                  const std::string& name, Engine& engine, std::function<void()> on_exit);

    pid_t pid() const { return child_->pid(); }
    Child& child() { return *child_; }
    bool ended() const { return exit_.has_value(); }

    // SIGKILL to its group. The first reason is what its end is told to be of.
    void kill(const std::string& reason, RestartCause cause);

    // For whoever holds the worker's engine, once its output ended: how the process died, after its
    // last words were read. One that lives on for longer than a moment is killed.
    awaitable<Death> death();

    // For the worker: ends it, if it lives, and returns when it is gone. `politely`: SIGTERM first.
    awaitable<void> end(bool politely);
    // After end(): returns once nobody reads its pipes any more.
    awaitable<void> join() { return tasks_.join(); }

    // After the exit: whether it was an exit with 0; how it ended, in words.
    bool exited_cleanly() const { return exit_->clean(); }
    std::string describe() const;
    RestartCause cause() const;

  private:
    awaitable<void> watch_exit();
    awaitable<void> drain_log();
    awaitable<void> wait_exit(milliseconds at_most, bool log_too);

    Clock& clock_;
    std::string name_;
    Engine& engine_;
    std::function<void()> on_exit_;
    std::unique_ptr<Child> child_;
    std::optional<ExitStatus> exit_;
    bool log_ended_ = false;
    std::string kill_reason_;
    RestartCause kill_cause_ = RestartCause::killed;
    std::unique_ptr<Alarm> close_pipes_;
    Event changed_;  // exit_ or log_ended_
    TaskGroup tasks_;
};

}  // namespace corral
