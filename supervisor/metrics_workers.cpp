// What GET /metrics tells of workers: states, restarts, memory, CPU time, what each is at.
#include <algorithm>

#include "supervisor/metrics_parts.hpp"

namespace corral::metrics {
namespace {

using Type = PrometheusText::Type;

constexpr WorkerState states[] = {
    WorkerState::starting,   WorkerState::ready,    WorkerState::busy,
    WorkerState::recovering, WorkerState::checking, WorkerState::retiring,
    WorkerState::backoff,    WorkerState::stopping, WorkerState::stopped};

void states_and_restarts(PoolPage& page, const MetricsSources& sources) {
    PrometheusText& text = page.text();
    text.metric("corral_workers", Type::gauge, "Workers by state.");
    for (Pool* pool : sources.pools)
        for (const WorkerState state : states) {
            const auto snapshots = pool->workers();
            const auto count = std::ranges::count(snapshots, state, &Worker::Snapshot::state);
            text.sample({{"pool", pool->config().name}, {"state", to_string(state)}},
                        static_cast<double>(count));
        }
    page.of_pools("corral_pool_failing", Type::gauge,
                  "1 while workers die so often that only one at a time is tried.",
                  [](Pool& pool) { return pool.failing().empty() ? 0.0 : 1.0; });
    page.by_word("corral_worker_restarts_total", "New processes of workers, by why.", "cause",
                 &PoolMetrics::Figures::restarts);
}

// One number for each worker that has a process; none where `value` has none.
void of_processes(PoolPage& page, const MetricsSources& sources, std::string_view name, Type type,
                  std::string_view help, auto value) {
    page.text().metric(name, type, help);
    for (Pool* pool : sources.pools)
        for (const Worker::Snapshot& worker : pool->workers()) {
            if (!worker.pid) continue;
            const ProcessWatch::Figures figures = sources.processes.look(*worker.pid, sources.now);
            const std::optional<double> number = value(figures);
            if (number)
                page.text().sample({{"pool", pool->config().name}, {"worker", worker.name}},
                                   *number);
        }
}

void processes(PoolPage& page, const MetricsSources& sources) {
    const auto memory = [&](std::string_view name, std::string_view help,
                            std::uint64_t ProcessMemory::*bytes) {
        of_processes(page, sources, name, Type::gauge, help,
                     [&](const ProcessWatch::Figures& figures) -> std::optional<double> {
                         if (!figures.memory) return std::nullopt;
                         return static_cast<double>((*figures.memory).*bytes);
                     });
    };
    memory("corral_worker_rss_bytes", "Resident memory, shared pages counted in full.",
           &ProcessMemory::rss_bytes);
    memory("corral_worker_pss_bytes", "Resident memory, shared pages divided by their sharers.",
           &ProcessMemory::pss_bytes);
    memory("corral_worker_anonymous_bytes", "Resident memory that no file backs.",
           &ProcessMemory::anonymous_bytes);
    of_processes(page, sources, "corral_worker_cpu_seconds_total", Type::counter,
                 "CPU time of the worker's present process and its descendants.",
                 [](const ProcessWatch::Figures& figures) -> std::optional<double> {
                     return std::chrono::duration<double>(figures.cpu).count();
                 });
}

// What each worker works on.
void running(PoolPage& page, const MetricsSources& sources) {
    const auto each = [&](std::string_view name, std::string_view help, auto value) {
        page.text().metric(name, Type::gauge, help);
        for (Pool* pool : sources.pools)
            for (const PoolMetrics::Running& one : pool->metrics().running())
                page.text().sample({{"pool", pool->config().name}, {"worker", one.worker}},
                                   static_cast<double>(one.*value));
    };
    each("corral_worker_request_age_seconds",
         "Age of the request that the worker is at; nothing while it idles.",
         &PoolMetrics::Running::age_seconds);
    each("corral_worker_request_tokens", "Tokens of its answer so far.",
         &PoolMetrics::Running::tokens);
}

}  // namespace

void workers(PoolPage& page, const MetricsSources& sources) {
    states_and_restarts(page, sources);
    processes(page, sources);
    running(page, sources);
}

}  // namespace corral::metrics
