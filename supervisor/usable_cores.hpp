// How many cores this process may really use: its CPU affinity, further limited by the cgroups' CPU
// quota.
#pragma once

#include <optional>
#include <string>

namespace corral {

// At least 1.
unsigned usable_cores();

// Cores allowed by the content of cgroup v2's cpu.max ("max 100000", "150000 100000"), rounded
// down, at least 1; nothing if it sets no limit or makes no sense.
std::optional<unsigned> cores_of_quota(const std::string& cpu_max);

// Threads of each worker when `total_workers` share `cores`: ggml's threads spin at barriers, so
// more threads than cores make every answer many times slower (docs/llama-cli.md has the
// measurement).
unsigned threads_per_worker(unsigned cores, unsigned total_workers);

}  // namespace corral
