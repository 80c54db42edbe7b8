// Makes a pool of llama-cli workers from its configuration: reads the model's metadata, writes its
// wrapped template, divides the cores. Used by the supervisor for serving and by `corral doctor`
// for a trial.
#pragma once

#include "supervisor/pool.hpp"
#include "supervisor/runtime_folder.hpp"

namespace corral {

struct PoolSurroundings {
    asio::any_io_executor executor;
    Clock& clock;
    Spawner& spawner;
    const RuntimeFolder& folder;
    const ConfinementSupport& confinement_support;
    std::function<void(const Worker&)> state_changed;
};

// The pool that stands at `index` in the configuration. Throws std::runtime_error, one line, for a
// model or a llama-cli that cannot be used.
std::unique_ptr<Pool> build_pool(const Config& config, std::size_t index,
                                 const PoolSurroundings& surroundings);

// Of all pools.
unsigned total_workers(const Config& config);

}  // namespace corral
