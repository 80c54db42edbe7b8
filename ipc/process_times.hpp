// What a process does with the CPU, from /proc (proc(5)).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>

namespace corral {

struct CpuUse {
    std::chrono::milliseconds time;  // user and system time, in steps of the clock tick (10 ms)
    bool wanted;                     // some thread runs, or waits for nothing but a core
};

// Of this thread. What a piece of work costs us: on a busy machine others run meanwhile.
std::chrono::nanoseconds own_cpu_time();

// Of the process and of all its descendants. Nothing when the process is gone, or when no
// descriptor is left to look with.
std::optional<CpuUse> cpu_use_of_tree(pid_t pid);

}  // namespace corral
