// `workers: auto`: how many workers fit. A worker counts with all that it may ever take, its prompt
// cache included. Replaces auto by a number once, when a configuration was read, so that nothing
// else has to know of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "supervisor/memory_plan.hpp"

namespace corral {

struct PoolDemand {
    PoolMemory memory;
    std::optional<unsigned> workers;  // absent: to be chosen
};

enum class WorkerLimit {
    given,   // by the configuration
    memory,  // one more does not fit
    cores,   // one more would only take a core from the others
    most,    // one more is more than a pool may have
};

struct WorkerChoice {
    unsigned workers;
    WorkerLimit limit;
};

// At least one worker for each pool, whether it fits or not; then one more at a time for each pool
// in turn, as long as all together fit into `bytes` and have a core each.
std::vector<WorkerChoice> choose_workers(const std::vector<PoolDemand>& pools, std::uint64_t bytes,
                                         unsigned cores);

// What all workers together may take. `choices` are of the same pools.
std::uint64_t memory_at_most(const std::vector<PoolDemand>& pools,
                             const std::vector<WorkerChoice>& choices);

// Reads the models. Throws GgufError.
std::vector<PoolDemand> pool_demands(const Config& config);

// What may be planned with.
struct Budget {
    std::uint64_t available;  // bytes
    unsigned cores;
};

// Gives every pool with `workers: auto` its number; returns a line for each that says why. Models
// are read only if there is such a pool. Throws GgufError.
std::vector<std::string> resolve_workers(Config& config, const Budget& budget);

}  // namespace corral
