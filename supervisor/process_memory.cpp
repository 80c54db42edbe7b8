#include "supervisor/process_memory.hpp"

#include <fstream>
#include <string>

namespace corral {

std::optional<ProcessMemory> read_process_memory(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    ProcessMemory memory{0, 0, 0};
    bool found = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("Rss:")) {
            memory.rss_bytes = std::stoull(line.substr(4)) * 1024;
            found = true;
        } else if (line.starts_with("Pss:")) {
            memory.pss_bytes = std::stoull(line.substr(4)) * 1024;
        } else if (line.starts_with("Anonymous:")) {
            memory.anonymous_bytes = std::stoull(line.substr(10)) * 1024;
        }
    }
    if (!found) return std::nullopt;
    return memory;
}

std::optional<std::uint64_t> read_private_memory(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    std::optional<std::uint64_t> bytes;
    for (std::string line; std::getline(file, line);)
        for (const std::string_view label : {"RssAnon:", "VmSwap:"})
            if (line.starts_with(label))
                bytes = bytes.value_or(0) + std::stoull(line.substr(label.size())) * 1024;
    return bytes;
}

}  // namespace corral
