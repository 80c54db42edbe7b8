// CPU time of a process, from /proc (proc(5)).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

namespace corral {

// Of the process and of all its descendants, user and system time together, in steps of the
// kernel's clock tick (10 ms). Nothing when the process is gone, or when no descriptor is left to
// look with.
std::optional<std::chrono::milliseconds> cpu_time_of_tree(pid_t pid);

}  // namespace corral
