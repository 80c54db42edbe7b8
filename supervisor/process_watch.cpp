#include "supervisor/process_watch.hpp"

#include "ipc/process_times.hpp"

namespace corral {
namespace {

constexpr std::chrono::seconds fresh_at_least{1};
constexpr int look_share = 50;

std::chrono::nanoseconds time_of(const auto& entries) {
    std::chrono::nanoseconds sum{0};
    for (const auto& [pid, entry] : entries) sum += entry.took;
    return sum;
}

}  // namespace

// How long what was found is good for.
std::chrono::nanoseconds ProcessWatch::fresh() const {
    return std::max<std::chrono::nanoseconds>(fresh_at_least,
                                              look_share * (time_of(figures_) + time_of(mapped_)));
}

template <class Value>
Value ProcessWatch::cached(Entries<Value>& entries, pid_t pid, TimePoint now, auto&& read) {
    const auto limit = fresh();
    const auto found = entries.find(pid);
    if (found != entries.end() && now - found->second.at < limit) return found->second.value;
    std::erase_if(entries, [&](const auto& entry) { return now - entry.second.at >= limit; });
    const auto before = own_cpu_time();
    const Value value = read();
    entries[pid] = {now, own_cpu_time() - before, value};
    return value;
}

ProcessWatch::Figures ProcessWatch::look(pid_t pid, TimePoint now) {
    return cached(figures_, pid, now, [&] {
        const std::optional<CpuUse> use = cpu_use_of_tree(pid);
        return Figures{read_process_memory(pid), use ? use->time : std::chrono::milliseconds(0)};
    });
}

std::uint64_t ProcessWatch::mapped(pid_t pid, const ModelFiles& model, TimePoint now) {
    return cached(mapped_, pid, now, [&] { return mapped_model_bytes(pid, model); });
}

}  // namespace corral
