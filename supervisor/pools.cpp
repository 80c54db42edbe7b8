#include "supervisor/pools.hpp"

#include <algorithm>

#include "supervisor/fatal.hpp"

namespace corral {

Pools::Pools(const Config& config, PoolSurroundings surroundings)
    : surroundings_(std::move(surroundings)),
      tasks_(surroundings_.executor, surroundings_.clock, fatal_task_error) {
    for (const PoolPlan& one : plan(config)) pools_.push_back(build_pool(one, surroundings_));
}

Pools::Plan Pools::plan(const Config& config) const {
    Plan plans;
    for (std::size_t i = 0; i < config.pools.size(); ++i)
        plans.push_back(plan_pool(config, i, folder_, confinement_support_));
    return plans;
}

void Pools::start() {
    for (const auto& pool : pools_) pool->start();
}

awaitable<void> Pools::stop() {
    for (const auto& pool : pools_) co_await pool->stop();
    co_await tasks_.join();
}

void Pools::kill() {
    for (const auto& pool : pools_) pool->kill();
    for (const auto& pool : retired_) pool->kill();
}

std::vector<std::string> Pools::apply(const Plan& plan) {
    std::vector<std::string> changes;
    std::vector<std::unique_ptr<Pool>> kept;
    for (const PoolPlan& one : plan) {
        const std::string& name = one.settings.pool.name;
        const auto same = std::ranges::find_if(
            pools_, [&](const auto& pool) { return pool && pool->config().name == name; });
        if (same == pools_.end()) {
            kept.push_back(build_pool(one, surroundings_));
            kept.back()->start();
            changes.push_back("pool " + name + ": new");
            continue;
        }
        const std::string change = change_pool(**same, one, surroundings_);
        if (!change.empty()) changes.push_back(change);
        kept.push_back(std::move(*same));
    }
    for (auto& pool : pools_) {
        if (!pool) continue;
        changes.push_back("pool " + pool->config().name + ": ends with its last request");
        tasks_.spawn("retire " + pool->config().name, retire(*pool));
        retired_.push_back(std::move(pool));
    }
    pools_ = std::move(kept);
    return changes;
}

std::vector<Pool*> Pools::present() const {
    std::vector<Pool*> pools;
    for (const auto& pool : pools_) pools.push_back(pool.get());
    return pools;
}

awaitable<void> Pools::retire(Pool& pool) {
    co_await pool.drain();
    co_await pool.stop();
}

}  // namespace corral
