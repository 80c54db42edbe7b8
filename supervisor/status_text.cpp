#include "supervisor/status_text.hpp"

#include <spdlog/fmt/fmt.h>

#include "supervisor/format.hpp"

namespace corral {
namespace {

constexpr std::size_t loading_shown_max = 4;

}  // namespace

std::string status_text(const std::vector<Worker::Snapshot>& workers, std::size_t queued) {
    std::size_t ready = 0, busy = 0, away = 0, loading = 0;
    std::string loads;
    for (const Worker::Snapshot& worker : workers) {
        const WorkerState state = worker.state;
        const bool idle = state == WorkerState::ready || state == WorkerState::checking;
        ++(idle ? ready : state == WorkerState::busy ? busy : away);
        if (worker.loading && ++loading <= loading_shown_max)
            loads +=
                fmt::format("{} {} has loaded {} % of {}", loading == 1 ? ";" : ",", worker.name,
                            percent(*worker.loading), format_bytes(worker.loading->of_bytes));
    }
    std::string text = fmt::format("{} ready, {} busy, {} queued", ready, busy, queued);
    if (away > 0) text += fmt::format(", {} not available", away);
    if (loading > loading_shown_max)
        loads += fmt::format(", and {} more load", loading - loading_shown_max);
    return text + loads;
}

}  // namespace corral
