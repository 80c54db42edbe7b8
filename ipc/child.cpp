#include "ipc/child.hpp"

#include <sys/wait.h>

#include <csignal>
#include <cstring>

namespace corral {

bool ExitStatus::crashed() const {
    if (WIFEXITED(wait_status_)) return WEXITSTATUS(wait_status_) != 0;
    switch (WTERMSIG(wait_status_)) {
        case SIGSEGV:
        case SIGABRT:
        case SIGBUS:
        case SIGILL:
        case SIGFPE:
        case SIGSYS:
        case SIGTRAP:
            return true;
        default:
            return false;
    }
}

bool ExitStatus::killed() const {
    return WIFSIGNALED(wait_status_) && WTERMSIG(wait_status_) == SIGKILL;
}

std::string ExitStatus::describe() const {
    if (WIFSIGNALED(wait_status_)) {
        const int signal = WTERMSIG(wait_status_);
        return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
    }
    return "exit code " + std::to_string(WEXITSTATUS(wait_status_));
}

}  // namespace corral
