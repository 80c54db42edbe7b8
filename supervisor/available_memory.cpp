#include "supervisor/available_memory.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace corral {
namespace {

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::uint64_t mem_available() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("MemAvailable:")) return std::stoull(line.substr(13)) * 1024;
    return 0;
}

// The least that the limits of our cgroup and of those above it leave, v2's files or v1's.
std::optional<std::uint64_t> cgroup_left() {
    std::ifstream groups("/proc/self/cgroup");
    std::optional<std::uint64_t> least;
    for (std::string line; std::getline(groups, line);) {
        const std::size_t controllers = line.find(':') + 1;
        const std::size_t path_at = line.find(':', controllers) + 1;
        const std::string names = line.substr(controllers, path_at - controllers - 1);
        const bool v2 = names.empty();
        if (!v2 && ("," + names + ",").find(",memory,") == std::string::npos) continue;
        const std::filesystem::path mount = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
        std::filesystem::path group = std::filesystem::path(line.substr(path_at)).relative_path();
        while (true) {
            const auto folder = mount / group;
            const auto left =
                left_of_limit(content(folder / (v2 ? "memory.max" : "memory.limit_in_bytes")),
                              content(folder / (v2 ? "memory.current" : "memory.usage_in_bytes")),
                              content(folder / "memory.stat"));
            if (left) least = std::min(least.value_or(*left), *left);
            if (group.empty()) break;
            group = group.parent_path();
        }
    }
    return least;
}

}  // namespace

std::string AvailableMemory::source() const {
    return bytes() < machine_bytes ? "the cgroup's limit" : "MemAvailable";
}

AvailableMemory available_memory() {
    return {mem_available(), cgroup_left()};
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
