// Makes and changes pools of llama-cli workers: reads the model's metadata, writes its wrapped
// template, divides the cores. What can fail is in the plan; what follows it cannot. Used by the
// supervisor for serving and by `corral doctor` for a trial.
#pragma once

#include "supervisor/pool.hpp"
#include "supervisor/runtime_folder.hpp"

namespace corral {

struct PoolSurroundings {
    asio::any_io_executor executor;
    Clock& clock;
    Spawner& spawner;
    std::function<void(const Worker&)> state_changed;
};

// What a pool is to be.
struct PoolPlan {
    Pool::Settings settings;
    Worker::Limits limits;
    Command command;
};

// For the pool that stands at `index` in the configuration; its template goes to `folder`,
// `support` is what the kernel can confine. Throws std::runtime_error, one line, for a model or a
// llama-cli that cannot be used.
PoolPlan plan_pool(const Config& config, std::size_t index, const RuntimeFolder& folder,
                   const ConfinementSupport& support);

std::unique_ptr<Pool> build_pool(const PoolPlan& plan, const PoolSurroundings& surroundings);

// Makes a pool that serves what the plan says, without any request noticing: limits apply at once,
// workers whose command line is another one are replaced one at a time when they are idle, and
// workers come or go at the end of the list. Returns what changes, for people; "" if nothing does.
std::string change_pool(Pool& pool, const PoolPlan& plan, const PoolSurroundings& surroundings);

// Of all pools.
unsigned total_workers(const Config& config);

}  // namespace corral
