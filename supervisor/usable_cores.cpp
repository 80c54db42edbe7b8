#include "supervisor/usable_cores.hpp"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "supervisor/cgroups.hpp"

namespace corral {
namespace {

std::string first_line(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

// The smallest quota of our cgroup and those above it, v2's file or v1's pair.
std::optional<unsigned> cgroup_cores() {
    std::optional<unsigned> least;
    each_cgroup("cpu", [&](const std::filesystem::path& folder, bool v2) {
        const auto cores = cores_of_quota(v2 ? first_line(folder / "cpu.max")
                                             : first_line(folder / "cpu.cfs_quota_us") + " " +
                                                   first_line(folder / "cpu.cfs_period_us"));
        if (cores) least = std::min(least.value_or(*cores), *cores);
    });
    return least;
}

}  // namespace

std::optional<unsigned> cores_of_quota(const std::string& cpu_max) {
    std::istringstream fields(cpu_max);
    long quota = 0;
    long period = 0;
    if (!(fields >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
    return static_cast<unsigned>(std::max(1L, quota / period));
}

unsigned usable_cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    unsigned cores = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        cores = static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
    return std::min(cores, cgroup_cores().value_or(cores));
}

unsigned threads_per_worker(unsigned cores, unsigned total_workers) {
    return std::max(1U, cores / std::max(1U, total_workers));
}

}  // namespace corral
