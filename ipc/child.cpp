#include "ipc/child.hpp"

#include <sys/wait.h>

#include <cstring>

namespace corral {

std::string ExitStatus::describe() const {
    if (WIFSIGNALED(wait_status_)) {
        const int signal = WTERMSIG(wait_status_);
        return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
    }
    return "exit code " + std::to_string(WEXITSTATUS(wait_status_));
}

}  // namespace corral
