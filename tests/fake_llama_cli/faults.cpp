#include "fake_llama_cli/faults.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>

namespace fake {

void crash(const EventFile& events, int signal) {
    events.record("exit signal " + std::to_string(signal));
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    struct sigaction deadly {};
    deadly.sa_handler = SIG_DFL;
    sigaction(signal, &deadly, nullptr);
    raise(signal);
    _exit(127);
}

void stall() {
    while (true) pause();
}

void spin(std::chrono::milliseconds duration) {
    const auto start = std::chrono::steady_clock::now();
    while (duration.count() == 0 || std::chrono::steady_clock::now() - start < duration) continue;
}

void leak(unsigned mib) {
    const std::size_t size = std::size_t{mib} << 20;
    if (size == 0) return;
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) std::abort();  // as std::bad_alloc ends llama-cli
    std::memset(memory, 1, size);
}

void close_stdout() {
    // Not close(): the next file opened would become stdout.
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    close(nowhere);
}

void end_main_thread() {
    std::thread([] { stall(); }).detach();
    while (true) syscall(SYS_exit, 0);
}

void ignore_signal(int signal) {
    struct sigaction ignoring {};
    ignoring.sa_handler = SIG_IGN;
    sigaction(signal, &ignoring, nullptr);
}

void exit_later(const EventFile& events, std::chrono::milliseconds after, int code) {
    // The thread inherits a full mask: a SIGINT has to end the main thread's wait, not its.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([events, after, code] {
        std::this_thread::sleep_for(after);
        quit(events, code);
    }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool first_time(const std::string& file) {
    const int made = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (made < 0) return false;
    close(made);
    return true;
}

bool exists(const std::string& file) {
    return access(file.c_str(), F_OK) == 0;
}

}  // namespace fake
