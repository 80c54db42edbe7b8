// Memory and CPU time of workers' processes for reports. Looked at when asked, and not again within
// a second: the kernel walks a process's page tables for its memory.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "async/clock.hpp"
#include "supervisor/process_memory.hpp"

namespace corral {

class ProcessWatch {
  public:
    struct Figures {
        std::optional<ProcessMemory> memory;  // nothing if the process is gone
        std::chrono::milliseconds cpu{0};     // with its descendants
    };

    Figures look(pid_t pid, TimePoint now);

  private:
    struct Entry {
        TimePoint at;
        Figures figures;
    };
    std::map<pid_t, Entry> entries_;
};

}  // namespace corral
