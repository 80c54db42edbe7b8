// All pools of the configuration, their start and end, and what becomes of them when the
// configuration changes. Owned by the supervisor.
#pragma once

#include "supervisor/pool_builder.hpp"

namespace corral {

class Pools {
  public:
    // What a configuration means for the pools, and nothing that could still fail.
    using Plan = std::vector<PoolPlan>;

    // Throws std::runtime_error, one line, for a model or a llama-cli that cannot be used.
    Pools(const Config& config, PoolSurroundings surroundings);

    void start();
    // Asks every worker to stop and returns when all have.
    awaitable<void> stop();
    // Kills every worker; stop() must follow.
    void kill();

    // Throws as the constructor does.
    Plan plan(const Config& config) const;
    // Pools are known by their names: new ones start, others change, those that are gone finish the
    // requests they have. Returns what changes, a line each.
    std::vector<std::string> apply(const Plan& plan);

    // In the order of the configuration.
    const std::vector<std::unique_ptr<Pool>>& all() const { return pools_; }
    std::vector<Pool*> present() const;

  private:
    awaitable<void> retire(Pool& pool);

    PoolSurroundings surroundings_;
    RuntimeFolder folder_;
    ConfinementSupport confinement_support_ = probe_confinement();
    std::vector<std::unique_ptr<Pool>> pools_;
    std::vector<std::unique_ptr<Pool>> retired_;  // kept: a last request may still look at one
    TaskGroup tasks_;
};

}  // namespace corral
