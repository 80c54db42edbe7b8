// A spawner whose children are played by the test: it gets the far ends of real pipes and decides
// when a child exits. Everything spawned stays inspectable: commands, signals, what was written to
// stdin.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/connect_pipe.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <deque>

#include "async/event.hpp"
#include "ipc/child.hpp"
#include "ipc/reply_decoder.hpp"

namespace corral::test {

// The test's side of one child. Outlives the child.
struct FakeProcess {
    FakeProcess(asio::io_context& io, Clock& clock, Command given, pid_t number)
        : command(std::move(given)),
          pid(number),
          input(io),
          output(io),
          errors(io),
          ended(io.get_executor(), clock) {}

    // What was written to stdin since the last call, without waiting.
    std::string read_input() {
        if (!unread.empty()) return std::exchange(unread, {});
        const int fd = input.native_handle();
        fcntl(fd, F_SETFL, O_NONBLOCK);
        std::string text(1 << 20, '\0');
        text.resize(
            static_cast<std::size_t>(std::max<ssize_t>(read(fd, text.data(), text.size()), 0)));
        return text;
    }
    // Whether the request that was written to stdin last is for this text; it can still be
    // answered.
    bool has_request(const std::string& text) {
        unread = read_input();
        return unread.find("user\x1f" + text + "\x1e") != std::string::npos;
    }
    // Echoes every sentinel that waits on stdin, alone as in a health check.
    void play_health_checks() {
        unread = read_input();
        if (unread.starts_with("/read /")) pass_health_check();
    }
    void write_output(const std::string& text) { asio::write(output, asio::buffer(text)); }
    void write_error(const std::string& text) { asio::write(errors, asio::buffer(text)); }
    void exit(int wait_status) {
        read_input();
        exit_unread(wait_status);
    }
    // The same with what was written to stdin still there.
    void exit_unread(int wait_status) {
        status = wait_status;
        input.close();
        output.close();
        errors.close();
        ended.notify();
    }
    void die_of(int signal) { exit(signal); }  // wait(2): the low bits are the signal
    void exit_with(int code) { exit(code << 8); }

    // Plays llama-cli up to its prompt: answers the sentinel that is waiting on stdin.
    void become_ready() {
        if (std::exchange(loaded, true)) return;
        write_output("Loading model...\n> " + sentinel_echo(take_nonce()));
    }
    void pass_health_check() { write_output(sentinel_echo(take_nonce())); }
    // Plays one whole answer to the request that is waiting on stdin, token by token.
    void answer(const std::vector<std::string>& tokens) { answer_to(read_input(), tokens); }
    // The same to a request that was read already.
    void answer_to(const std::string& request, const std::vector<std::string>& tokens) {
        write_output("Chat history cleared.\n\n> ");
        for (const std::string& token : tokens) write_output(token);
        finish(nonce_in(request), tokens.size() + 1);
    }
    void begin_answer(const std::string& token) {
        open_nonce = take_nonce();
        write_output("Chat history cleared.\n\n> " + token);
    }
    void finish(const std::string& nonce, std::size_t tokens) {
        write_error(
            "0 I slot launch_slot_: id  0 | task 7 | processing task\n"
            "0 I slot operator(): id  0 | task 7 | new prompt, task.n_tokens = 5\n"
            "0 I slot operator(): id  0 | task 7 | cached n_tokens = 2, memory\n"
            "0 I slot print_timing: id  0 | task 7 |        eval time = 1.0 ms / " +
            std::to_string(tokens) +
            " tokens\n0 I slot release: id  0 | task 7 | stop processing: n_tokens = 9, "
            "truncated = 0\n");
        write_output("\n\n> " + sentinel_echo(nonce));
    }
    std::string take_nonce() { return nonce_in(read_input()); }
    static std::string nonce_in(const std::string& text) {
        const std::size_t at = text.rfind("/read /");
        return at == std::string::npos ? "" : text.substr(at + 7, 32);
    }

    Command command;
    pid_t pid;
    std::string unread;  // of stdin, looked at and not taken
    asio::readable_pipe input;
    asio::writable_pipe output;
    asio::writable_pipe errors;
    std::vector<int> signals;
    std::string open_nonce;  // of an answer begun and not finished
    bool loaded = false;
    bool ignores_signals = false;
    std::chrono::milliseconds cpu{0};  // what it has used so far
    bool cpu_known = true;
    bool wants_cpu = false;
    std::optional<int> status;
    Event ended;
};

class FakeSpawner final : public Spawner {
  public:
    FakeSpawner(asio::io_context& io, Clock& clock) : io_(io), clock_(clock) {}

    std::unique_ptr<Child> spawn(const Command& command) override {
        if (!refuse_with.empty()) {
            ++refused;
            throw SpawnError(refuse_with);
        }
        const auto pid = static_cast<pid_t>(1000 + processes.size());
        processes.push_back(std::make_unique<FakeProcess>(io_, clock_, command, pid));
        return std::make_unique<FakeChild>(io_, *processes.back());
    }
    FakeProcess& last() { return *processes.back(); }

    std::deque<std::unique_ptr<FakeProcess>> processes;
    std::string refuse_with;  // spawn() fails with it while it is not empty
    unsigned refused = 0;

  private:
    class FakeChild final : public Child {
      public:
        FakeChild(asio::io_context& io, FakeProcess& process)
            : Child(io.get_executor()), process_(process) {
            asio::connect_pipe(process.input, input);
            // In packet mode, as ipc/process_spawner.cpp makes it.
            int ends[2];
            if (pipe2(ends, O_CLOEXEC | O_DIRECT) != 0) throw SpawnError("pipe2 failed");
            output.assign(ends[0]);
            process.output.assign(ends[1]);
            asio::connect_pipe(errors, process.errors);
        }
        pid_t pid() const override { return process_.pid; }
        void signal_group(int signal) override {
            if (process_.status) return;
            process_.signals.push_back(signal);
            const bool deadly = signal == SIGKILL || signal == SIGTERM;
            if (signal == SIGKILL || (deadly && !process_.ignores_signals)) process_.die_of(signal);
        }
        std::optional<CpuUse> cpu_use() const override {
            if (!process_.cpu_known) return std::nullopt;
            return CpuUse{process_.cpu, process_.wants_cpu};
        }
        awaitable<ExitStatus> wait() override {
            while (!process_.status) co_await process_.ended.wait();
            co_return ExitStatus(*process_.status);
        }

      private:
        FakeProcess& process_;
    };

    asio::io_context& io_;
    Clock& clock_;
};

}  // namespace corral::test
