#include "ipc/process_spawner.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

// Boost 1.81.s Process v2 uses these without including them.
#include <boost/optional.hpp>
#include <boost/type_traits/remove_pointer.hpp>
//
#include <boost/process/v2/process.hpp>
#include <boost/process/v2/stdio.hpp>
#include <cstdio>
#include <cstring>

#include "ipc/confinement_entry.hpp"

namespace corral {
namespace {

namespace process = boost::process::v2;

// Both ends of a pipe, closed on destruction unless taken; close-on-exec, so that no other child
// inherits them.
class PipePair {
  public:
    explicit PipePair(int flags = 0) {
        if (pipe2(ends_, O_CLOEXEC | flags) != 0)
            throw SpawnError(std::string("cannot make a pipe: ") + std::strerror(errno));
    }
    PipePair(const PipePair&) = delete;
    ~PipePair() {
        for (const int end : ends_)
            if (end >= 0) close(end);
    }
    int read_end() const { return ends_[0]; }
    int write_end() const { return ends_[1]; }
    int take_read_end() { return std::exchange(ends_[0], -1); }
    int take_write_end() { return std::exchange(ends_[1], -1); }

  private:
    int ends_[2] = {-1, -1};
};

constexpr int exit_unconfined = 126;

// A child that was to be confined and is not must not run its program.
void must_hold(const char* failed_step) {
    if (!failed_step) return;
    for (const char* text :
         {"corral: not confined: ", failed_step, ": ", strerrordesc_np(errno), "\n"})
        if (write(STDERR_FILENO, text, std::strlen(text)) < 0) break;
    _exit(exit_unconfined);
}

// What the forked child does to itself before exec; must be the last initializer, because
// Boost 1.81 closes no inherited descriptor by itself. A worker must not outlive its supervisor,
// nor share its group, signal state or descriptors.
struct CleanSlate {
    pid_t parent;
    ConfinementEntry& confinement;
    int oom_score;
    std::vector<const char*> environment;  // ends with nullptr

    // v2's own process_environment needs bodies that its headers do not bring.
    template <class Launcher>
    process::error_code on_setup(Launcher& launcher, const std::filesystem::path&,
                                 const char* const*&) {
        launcher.env = environment.data();
        return {};
    }

    template <class Launcher>
    process::error_code on_exec_setup(Launcher&, const std::filesystem::path&,
                                      const char* const*&) {
        setpgid(0, 0);
        signal(SIGPIPE, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        raise_oom_score(oom_score);
        must_hold(confinement.enter_network());
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);  // it died before prctl took effect
        must_hold(confinement.drop_privileges());
        must_hold(confinement.forbid_files());
        close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
        return {};
    }
};

class RealChild final : public Child {
  public:
    RealChild(const asio::any_io_executor& executor, process::process process, PipePair& in,
              PipePair& out, PipePair& err)
        : Child(executor), process_(std::move(process)) {
        input.assign(in.take_write_end());
        output.assign(out.take_read_end());
        errors.assign(err.take_read_end());
    }
    ~RealChild() override {
        signal_group(SIGKILL);
        process_.detach();  // the destructor would terminate() a process that was reaped already
    }

    pid_t pid() const override { return static_cast<pid_t>(process_.id()); }

    void signal_group(int signal) override {
        if (!reaped_) kill(-pid(), signal);
    }

    std::optional<CpuUse> cpu_use() const override { return cpu_use_of_tree(pid()); }

    awaitable<ExitStatus> wait() override {
        error_code ec;
        co_await process_.async_wait(into(ec));
        signal_group(SIGKILL);  // what a wrapper script started must not outlive it
        reaped_ = true;
        // async_wait's own result is the evaluated code, in which SIGKILL looks like exit(9).
        co_return ExitStatus(process_.native_exit_code());
    }

  private:
    process::process process_;
    bool reaped_ = false;
};

std::vector<std::string> environment_of(const Command& command) {
    const auto& extra = command.extra_environment;
    std::vector<std::string> result;
    for (char** entry = environ; command.inherit_environment && *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (!extra.contains(text.substr(0, text.find('=')))) result.push_back(text);
    }
    for (const auto& [name, value] : extra) result.push_back(name + "=" + value);
    return result;
}

}  // namespace

std::unique_ptr<Child> ProcessSpawner::spawn(const Command& command) {
    // Checked here because a failed exec of Boost 1.81 runs exit() in the fork, flushing our stdio
    // a second time.
    if (access(command.program.c_str(), X_OK) != 0)
        throw SpawnError("cannot run " + command.program + ": " + std::strerror(errno));
    PipePair in;
    PipePair out(O_DIRECT);
    PipePair err;
    const auto environment = environment_of(command);
    std::optional<ConfinementEntry> confinement;
    try {
        confinement.emplace(command.confinement);
    } catch (const std::system_error& error) {
        throw SpawnError("cannot confine " + command.program + ": " + error.what());
    }
    CleanSlate clean_slate{getpid(), *confinement, child_oom_score(), {}};
    for (const std::string& entry : environment) clean_slate.environment.push_back(entry.c_str());
    clean_slate.environment.push_back(nullptr);
    std::fflush(nullptr);  // a fork that cannot exec flushes what it inherited
    try {
        process::process started(
            executor_, std::filesystem::path(command.program), command.arguments,
            process::process_stdio{in.read_end(), out.write_end(), err.write_end()}, clean_slate);
        return std::make_unique<RealChild>(executor_, std::move(started), in, out, err);
    } catch (const boost::system::system_error& e) {
        throw SpawnError("cannot run " + command.program + ": " + e.code().message());
    }
}

}  // namespace corral
