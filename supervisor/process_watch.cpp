#include "supervisor/process_watch.hpp"

#include "ipc/process_times.hpp"

namespace corral {
namespace {

constexpr std::chrono::seconds fresh{1};

}  // namespace

ProcessWatch::Figures ProcessWatch::look(pid_t pid, TimePoint now) {
    const auto found = entries_.find(pid);
    if (found != entries_.end() && now - found->second.at < fresh) return found->second.figures;
    std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.at >= fresh; });
    const std::optional<CpuUse> use = cpu_use_of_tree(pid);
    const Figures figures{read_process_memory(pid), use ? use->time : std::chrono::milliseconds(0)};
    entries_[pid] = {now, figures};
    return figures;
}

}  // namespace corral
