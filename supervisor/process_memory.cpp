#include "supervisor/process_memory.hpp"

#include <fstream>
#include <string>

namespace corral {

std::optional<ProcessMemory> read_process_memory(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    ProcessMemory memory{0, 0};
    bool found = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("Rss:")) {
            memory.rss_bytes = std::stoull(line.substr(4)) * 1024;
            found = true;
        } else if (line.starts_with("Pss:")) {
            memory.pss_bytes = std::stoull(line.substr(4)) * 1024;
        }
    }
    if (!found) return std::nullopt;
    return memory;
}

}  // namespace corral
