#include "supervisor/available_memory.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "supervisor/cgroups.hpp"

namespace corral {
namespace {

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// A line of /proc/meminfo: "MemAvailable:".
std::uint64_t of_machine(std::string_view name) {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(name)) return std::stoull(line.substr(name.size())) * 1024;
    return 0;
}

// The least that the limits of our cgroup and of those above it leave, v2's files or v1's.
std::optional<std::uint64_t> cgroup_left() {
    std::optional<std::uint64_t> least;
    each_cgroup("memory", [&](const std::filesystem::path& folder, bool v2) {
        const auto left =
            left_of_limit(content(folder / (v2 ? "memory.max" : "memory.limit_in_bytes")),
                          content(folder / (v2 ? "memory.current" : "memory.usage_in_bytes")),
                          content(folder / "memory.stat"));
        if (left) least = std::min(least.value_or(*left), *left);
    });
    return least;
}

}  // namespace

std::string AvailableMemory::source() const {
    return bytes() < machine_bytes ? "the cgroup's limit" : "MemAvailable";
}

AvailableMemory available_memory() {
    return {of_machine("MemAvailable:"), cgroup_left()};
}

std::uint64_t total_memory() {
    std::uint64_t least = of_machine("MemTotal:");
    each_cgroup("memory", [&](const std::filesystem::path& folder, bool v2) {
        std::uint64_t limit = 0;
        if (std::ifstream(folder / (v2 ? "memory.max" : "memory.limit_in_bytes")) >> limit)
            least = std::min(least, limit);
    });
    return least;
}

std::optional<std::uint64_t> left_of_limit(const std::string& limit, const std::string& current,
                                           const std::string& stat) {
    std::uint64_t most = 0;
    std::uint64_t used = 0;
    if (!(std::istringstream(limit) >> most)) return std::nullopt;
    if (!(std::istringstream(current) >> used)) return std::nullopt;
    std::istringstream lines(stat);
    std::string name;
    for (std::uint64_t bytes = 0; lines >> name >> bytes;)
        if (name == "active_file" || name == "inactive_file") used -= std::min(used, bytes);
    return most - std::min(most, used);
}

}  // namespace corral
