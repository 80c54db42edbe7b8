// How much memory this process and its children may still take: what the machine has left, further
// limited by the cgroups' limits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace corral {

struct AvailableMemory {
    std::uint64_t machine_bytes = 0;            // MemAvailable
    std::optional<std::uint64_t> cgroup_bytes;  // what the tightest limit leaves

    std::uint64_t bytes() const {
        return cgroup_bytes.value_or(machine_bytes) < machine_bytes ? *cgroup_bytes : machine_bytes;
    }
    // "MemAvailable", or "the cgroup's limit" where that is less.
    std::string source() const;
};

AvailableMemory available_memory();

// All there is: the machine's memory, or the tightest limit of our cgroups where that is less.
std::uint64_t total_memory();

// What a limit leaves: `limit` is the content of memory.max ("max", "1073741824"), `current` that
// of memory.current and `stat` that of memory.stat, whose page cache the kernel gives back. Nothing
// if there is no limit or it makes no sense.
std::optional<std::uint64_t> left_of_limit(const std::string& limit, const std::string& current,
                                           const std::string& stat);

}  // namespace corral
