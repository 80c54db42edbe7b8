// A child process as the rest of the program sees it: three pipe ends, a process group to signal,
// one exit to await. `Spawner` is the seam where tests put processes of their own;
// ipc/process_spawner is the real one.
#pragma once

#include <sys/types.h>

#include <boost/asio/readable_pipe.hpp>
#include <boost/asio/writable_pipe.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "async/asio.hpp"
#include "ipc/confinement.hpp"
#include "ipc/process_times.hpp"

namespace corral {

struct Command {
    std::string program;  // absolute, or relative to the working directory; never looked up on PATH
    std::vector<std::string> arguments;                    // without the program's own name
    std::map<std::string, std::string> extra_environment;  // on top of the supervisor's own
    bool inherit_environment = true;                       // or instead of it
    Confinement confinement{};
    bool operator==(const Command&) const = default;
};

// How a process ended, from wait(2)'s status word.
class ExitStatus {
  public:
    explicit ExitStatus(int wait_status) : wait_status_(wait_status) {}
    bool clean() const { return wait_status_ == 0; }
    // It failed by itself: SIGSEGV and its like, or a non-zero exit. SIGTERM, SIGINT and SIGKILL
    // come from somebody else.
    bool crashed() const;
    bool killed() const;           // by a SIGKILL: the kernel's OOM killer, or a person
    std::string describe() const;  // "exit code 1", "signal 9 (Killed)"

  private:
    int wait_status_;
};

struct SpawnError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Owned by the worker that asked for it. Destroying a child that still runs kills its group without
// waiting.
class Child {
  public:
    explicit Child(const asio::any_io_executor& executor)
        : input(executor), output(executor), errors(executor) {}
    virtual ~Child() = default;

    virtual pid_t pid() const = 0;
    // Signals the whole process group; nothing happens once the exit has been seen.
    virtual void signal_group(int signal) = 0;
    // Tells a busy process from a hung one. Nothing when it cannot be told now.
    virtual std::optional<CpuUse> cpu_use() const = 0;
    // Completes when the process has ended and been reaped. To be called once.
    virtual awaitable<ExitStatus> wait() = 0;

    asio::writable_pipe input;
    // In packet mode (pipe(7), O_DIRECT): one read returns at most what one write of the child
    // wrote. llama-cli writes each token on its own, so this is what lets tokens be counted on a
    // pipe.
    asio::readable_pipe output;
    asio::readable_pipe errors;
};

class Spawner {
  public:
    virtual ~Spawner() = default;
    // Throws SpawnError, one line that names the program.
    virtual std::unique_ptr<Child> spawn(const Command& command) = 0;
};

}  // namespace corral
