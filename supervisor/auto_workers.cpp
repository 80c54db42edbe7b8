#include "supervisor/auto_workers.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "config/fields.hpp"

namespace corral {
namespace {

std::string mebibytes(std::uint64_t bytes) {
    return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB";
}

std::string reason(const WorkerChoice& choice, bool fits, std::uint64_t needed, std::uint64_t bytes,
                   unsigned cores) {
    const std::string memory = fmt::format("all workers may take {} of {}", mebibytes(needed),
                                           mebibytes(bytes) + " (memory.headroom is kept free)");
    if (!fits) return memory + ": TOO MUCH even so; a smaller context or prompt_cache_mib helps";
    switch (choice.limit) {
        case WorkerLimit::given:
            break;
        case WorkerLimit::memory:
            return memory + ", and one more does not fit";
        case WorkerLimit::cores:
            return memory + fmt::format(", and more than the {} usable cores do not help", cores);
        case WorkerLimit::most:
            return memory + ", and a pool has no more";
    }
    return memory;
}

}  // namespace

std::uint64_t memory_at_most(const std::vector<PoolDemand>& pools,
                             const std::vector<WorkerChoice>& choices) {
    std::uint64_t bytes = llama_cli_code_bytes;
    for (std::size_t i = 0; i < pools.size(); ++i)
        bytes += pools[i].memory.weights + pools[i].memory.worker.at_most() * choices[i].workers;
    return bytes;
}

std::vector<WorkerChoice> choose_workers(const std::vector<PoolDemand>& pools, std::uint64_t bytes,
                                         unsigned cores) {
    std::vector<WorkerChoice> choices;
    unsigned total = 0;
    for (const PoolDemand& pool : pools) {
        choices.push_back({pool.workers.value_or(1), WorkerLimit::given});
        total += choices.back().workers;
    }
    std::uint64_t needed = memory_at_most(pools, choices);
    for (bool grown = true; grown;) {
        grown = false;
        for (std::size_t i = 0; i < pools.size(); ++i) {
            if (pools[i].workers) continue;
            const std::uint64_t more = needed + pools[i].memory.worker.at_most();
            WorkerChoice& choice = choices[i];
            if (more > bytes) {
                choice.limit = WorkerLimit::memory;
            } else if (total >= cores) {
                choice.limit = WorkerLimit::cores;
            } else if (choice.workers >= limits::workers_max) {
                choice.limit = WorkerLimit::most;
            } else {
                ++choice.workers;
                ++total;
                needed = more;
                grown = true;
            }
        }
    }
    return choices;
}

std::vector<PoolDemand> pool_demands(const Config& config) {
    std::vector<PoolDemand> demands;
    for (const PoolConfig& pool : config.pools)
        demands.push_back({pool_memory(read_gguf(pool.model), pool), pool.workers});
    return demands;
}

std::vector<std::string> resolve_workers(Config& config, const Budget& budget) {
    std::vector<std::string> reasons;
    if (std::ranges::all_of(config.pools,
                            [](const auto& pool) { return pool.workers.has_value(); }))
        return reasons;
    const std::vector<PoolDemand> demands = pool_demands(config);
    const std::uint64_t bytes =
        budget.available - std::min(budget.available, config.memory.headroom.of(budget.available));
    const auto choices = choose_workers(demands, bytes, budget.cores);
    const std::uint64_t needed = memory_at_most(demands, choices);
    for (std::size_t i = 0; i < demands.size(); ++i) {
        PoolConfig& pool = config.pools[i];
        if (pool.workers) continue;
        pool.workers = choices[i].workers;
        reasons.push_back(
            fmt::format("pool {}: workers auto is {}: {}", pool.name, choices[i].workers,
                        reason(choices[i], needed <= bytes, needed, bytes, budget.cores)));
    }
    return reasons;
}

}  // namespace corral
