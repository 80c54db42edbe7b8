// Memory and CPU time of workers' processes for reports. Looked at when asked, and not again within
// a second, or longer where looking takes long: the kernel walks a process's page tables for its
// memory, and the event loop waits. No more than a fiftieth of the loop's time goes into it.
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "async/clock.hpp"
#include "supervisor/model_loading.hpp"
#include "supervisor/process_memory.hpp"

namespace corral {

class ProcessWatch {
  public:
    struct Figures {
        std::optional<ProcessMemory> memory;  // nothing if the process is gone
        std::chrono::milliseconds cpu{0};     // with its descendants
    };

    Figures look(pid_t pid, TimePoint now);
    // Pages of the model's files that the process has mapped and in memory.
    std::uint64_t mapped(pid_t pid, const ModelFiles& model, TimePoint now);

  private:
    template <class Value>
    struct Entry {
        TimePoint at;
        std::chrono::nanoseconds took;
        Value value;
    };
    template <class Value>
    using Entries = std::map<pid_t, Entry<Value>>;

    template <class Value>
    Value cached(Entries<Value>& entries, pid_t pid, TimePoint now, auto&& read);
    std::chrono::nanoseconds fresh() const;

    Entries<Figures> figures_;
    Entries<std::uint64_t> mapped_;
};

}  // namespace corral
