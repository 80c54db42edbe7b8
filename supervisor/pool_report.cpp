#include "supervisor/pool_report.hpp"

#include <map>

#include "supervisor/available_memory.hpp"
#include "supervisor/memory_layout.hpp"
#include "supervisor/report_parts.hpp"

namespace corral {
namespace {

namespace json = boost::json;

struct PoolUse {
    std::uint64_t weights_shared = 0;
    std::uint64_t private_bytes = 0;
    std::uint64_t pss = 0;
};

// All workers of a pool map the same files: the one that has most of them says how much there is.
PoolUse use_of(const Pool& pool, ProcessWatch& processes, TimePoint now) {
    PoolUse use;
    std::optional<pid_t> fullest;
    std::uint64_t most = 0;
    for (const Worker::Snapshot& worker : pool.workers()) {
        if (!worker.pid) continue;
        const auto memory = processes.look(*worker.pid, now).memory;
        if (!memory) continue;
        use.private_bytes += memory->anonymous_bytes;
        use.pss += memory->pss_bytes;
        const std::uint64_t of_files = memory->rss_bytes - memory->anonymous_bytes;
        if (of_files <= most) continue;
        most = of_files;
        fullest = worker.pid;
    }
    if (fullest)
        use.weights_shared = processes.mapped(*fullest, model_files(pool.config().model), now);
    return use;
}

json::array workers(Pool& pool, ProcessWatch& processes, TimePoint now) {
    json::array workers;
    for (const Worker::Snapshot& worker : pool.workers())
        workers.push_back(report::worker(worker, processes, now));
    for (const PoolMetrics::Running& request : pool.metrics().running())
        for (json::value& worker : workers)
            if (worker.at("id").as_string() == request.worker)
                worker.as_object()["request"] = report::request(request);
    return workers;
}

json::object pool_json(Pool& pool, const PoolUse& use, const ReportSources& sources) {
    const auto [length, limit] = pool.queue();
    const PoolMetrics::Failover& counters = pool.counters();
    const double oldest = report::rounded(pool.metrics().oldest_wait_seconds());
    json::value failing = nullptr;
    if (const std::string trouble = pool.failing(); !trouble.empty()) failing = trouble;
    return {{"name", pool.config().name},
            {"model", pool.config().model},
            {"failing", std::move(failing)},
            {"queue", {{"length", length}, {"limit", limit}, {"oldest_seconds", oldest}}},
            {"retried", counters.retried},
            {"resumed", counters.resumed},
            {"quarantined", counters.quarantined},
            {"recent", report::recent(pool.metrics())},
            {"history", report::history(pool.metrics(), sources.now)},
            {"deaths", report::deaths(pool.deaths(), sources.now)},
            {"memory",
             {{"weights_shared_bytes", use.weights_shared},
              {"private_bytes", use.private_bytes},
              {"pss_bytes", use.pss}}},
            {"workers", workers(pool, sources.processes, sources.now)}};
}

json::object memory_json(const PoolUse& use, Share headroom) {
    const MemoryUse all{total_memory(), available_memory().bytes(), use.weights_shared,
                        use.private_bytes};
    const MemoryLayout layout = memory_layout(all);
    return {{"total_bytes", all.total},
            {"available_bytes", all.available},
            {"headroom_bytes", headroom.of(all.total)},
            {"weights_shared_bytes", use.weights_shared},
            {"private_bytes", use.private_bytes},
            {"pss_bytes", use.pss},
            {"other_bytes", layout.other},
            {"free_bytes", layout.free}};
}

}  // namespace

std::string pool_report(const ReportSources& sources) {
    json::array pools;
    PoolUse all;
    std::map<std::string, std::uint64_t> weights;  // pools of one model share them, too
    for (const auto& pool : sources.pools) {
        const PoolUse use = use_of(*pool, sources.processes, sources.now);
        std::uint64_t& of_model = weights[pool->config().model];
        of_model = std::max(of_model, use.weights_shared);
        all.private_bytes += use.private_bytes;
        all.pss += use.pss;
        pools.push_back(pool_json(*pool, use, sources));
    }
    for (const auto& [model, bytes] : weights) all.weights_shared += bytes;
    return json::serialize(
        json::object{{"pools", std::move(pools)}, {"memory", memory_json(all, sources.headroom)}});
}

}  // namespace corral
