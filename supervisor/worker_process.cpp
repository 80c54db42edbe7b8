#include "supervisor/worker_process.hpp"

#include <array>
#include <boost/asio/buffer.hpp>
#include <csignal>

#include "supervisor/fatal.hpp"
#include "supervisor/log.hpp"

namespace corral {
namespace {

constexpr milliseconds term_grace{2000};  // SIGTERM to SIGKILL
constexpr milliseconds exit_grace{500};   // end of output to exit
constexpr milliseconds pipe_grace{1000};  // exit to end of output
constexpr milliseconds kill_patience{10000};

}  // namespace

WorkerProcess::WorkerProcess(asio::any_io_executor executor, Clock& clock, Spawner& spawner,
                             const std::string& name, Engine& engine, std::function<void()> on_exit)
    : clock_(clock),
      name_(name),
      engine_(engine),
      on_exit_(std::move(on_exit)),
      child_(spawner.spawn(engine.command())),
      changed_(executor, clock),
      tasks_(executor, clock, fatal_task_error) {
    engine_.attach(*child_);
    tasks_.spawn(name_ + " exit", watch_exit());
    tasks_.spawn(name_ + " log", drain_log());
}

void WorkerProcess::kill(const std::string& reason, RestartCause cause) {
    if (exit_) return;
    if (kill_reason_.empty()) {
        kill_reason_ = reason;
        kill_cause_ = cause;
    }
    child_->signal_group(SIGKILL);
}

awaitable<Death> WorkerProcess::death() {
    co_await wait_exit(exit_grace, true);
    if (!exit_) kill("broke the pipe protocol", RestartCause::protocol);
    if (!kill_reason_.empty()) co_return Death::other;
    if (exit_->crashed()) co_return Death::crashed;
    co_return exit_->killed() ? Death::killed : Death::other;
}

awaitable<void> WorkerProcess::end(bool politely) {
    if (!exit_ && politely) {
        child_->signal_group(SIGTERM);
        co_await wait_exit(term_grace, false);
    }
    while (!exit_) {
        child_->signal_group(SIGKILL);
        co_await wait_exit(kill_patience, false);
        if (!exit_) log::error(log::worker(name_), "pid {} survives SIGKILL", pid());
    }
}

awaitable<void> WorkerProcess::wait_exit(milliseconds at_most, bool log_too) {
    const TimePoint deadline = clock_.now() + at_most;
    while (!(exit_ && (log_ended_ || !log_too)) && clock_.now() < deadline)
        co_await changed_.wait(deadline);
}

awaitable<void> WorkerProcess::watch_exit() {
    const ExitStatus status = co_await child_->wait();
    exit_ = status;
    // A grandchild may hold the pipes open: whoever reads them must not wait for it.
    close_pipes_ = clock_.call_at(clock_.now() + pipe_grace, [this] {
        error_code ignored;
        child_->output.close(ignored);
        child_->errors.close(ignored);
    });
    changed_.notify();
    on_exit_();
}

awaitable<void> WorkerProcess::drain_log() {
    std::array<char, 16 * 1024> bytes;
    error_code ec;
    while (!ec) {
        const auto space = asio::buffer(bytes);
        const std::size_t size = co_await child_->errors.async_read_some(space, into(ec));
        engine_.log_bytes(std::string_view(bytes.data(), size));
    }
    log_ended_ = true;
    changed_.notify();
}

std::string WorkerProcess::describe() const {
    return kill_reason_.empty() ? exit_->describe() : "killed: " + kill_reason_;
}

RestartCause WorkerProcess::cause() const {
    if (!kill_reason_.empty()) return kill_cause_;
    if (exit_->crashed()) return RestartCause::crashed;
    return exit_->killed() ? RestartCause::killed : RestartCause::exited;
}

}  // namespace corral
