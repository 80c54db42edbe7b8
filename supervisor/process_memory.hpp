// The memory of a process, from /proc/PID/smaps_rollup (proc(5)).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace corral {

struct ProcessMemory {
    std::uint64_t rss_bytes;        // resident, shared pages counted in full
    std::uint64_t pss_bytes;        // resident, shared pages divided by the number of sharers
    std::uint64_t anonymous_bytes;  // resident and of no file: what the process has for itself
};

// Nothing if the process is gone or may not be looked at. The kernel walks the page tables of the
// process: about 1 ms for each GiB it has resident.
std::optional<ProcessMemory> read_process_memory(pid_t pid);

// Bytes that the process has for itself: anonymous memory in RAM and in swap (RssAnon and VmSwap of
// /proc/PID/status). Cheap.
std::optional<std::uint64_t> read_private_memory(pid_t pid);

}  // namespace corral
