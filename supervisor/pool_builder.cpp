#include "supervisor/pool_builder.hpp"

#include <unistd.h>

#include <functional>
#include <random>

#include "ipc/chat_template.hpp"
#include "ipc/gguf.hpp"
#include "ipc/llama_cli.hpp"
#include "supervisor/llama_cli_command.hpp"
#include "supervisor/log.hpp"
#include "supervisor/usable_cores.hpp"
#include "supervisor/worker_confinement.hpp"

namespace corral {
namespace {

double random_fraction() {
    static std::mt19937 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

Command worker_command(const Config& config, std::size_t index, const RuntimeFolder& folder,
                       const ConfinementSupport& support) {
    const PoolConfig& pool = config.pools[index];
    const GgufInfo model = read_gguf(pool.model);
    if (model.context_length && pool.context > *model.context_length)
        log::warn(log::pool(pool.name),
                  "context {} is more than the {} tokens that {} was trained on", pool.context,
                  *model.context_length, pool.model);
    const std::string wrapped =
        wrap_chat_template(model.chat_template.value_or(std::string(chatml_template)));
    // Named after its content, so that another template is another command line.
    const std::size_t content = std::hash<std::string>{}(wrapped);
    const std::string file = folder.write(fmt::format("template-{:016x}.jinja", content), wrapped);
    const unsigned threads =
        pool.threads.value_or(threads_per_worker(usable_cores(), total_workers(config)));
    Command command = llama_cli_command(pool, find_program(pool.llama_cli), file, threads);
    confine(command, pool, support, worker_environment(environ));
    log::info(log::pool(pool.name), "workers are {}", describe_confinement(pool.confine, support));
    return command;
}

Worker::Parts worker_parts(const PoolPlan& plan, unsigned number,
                           const PoolSurroundings& surroundings) {
    const PoolConfig& pool = plan.settings.pool;
    const RestartConfig& restart = plan.settings.restart;
    return {pool.name + "/" + std::to_string(number),
            std::make_unique<LlamaCli>(surroundings.executor, surroundings.clock, plan.command,
                                       pool.max_tokens),
            model_files(pool.model),
            RestartPolicy(restart.initial, restart.max, random_fraction),
            plan.limits,
            random_fraction};
}

void add_worker(Pool& pool, const PoolPlan& plan, unsigned number,
                const PoolSurroundings& surroundings) {
    pool.add(std::make_unique<Worker>(surroundings.executor, surroundings.clock,
                                      surroundings.spawner,
                                      worker_parts(plan, number, surroundings), pool.owner()));
}

}  // namespace

unsigned total_workers(const Config& config) {
    unsigned total = 0;
    for (const PoolConfig& pool : config.pools) total += pool.workers.value();
    return total;
}

PoolPlan plan_pool(const Config& config, std::size_t index, const RuntimeFolder& folder,
                   const ConfinementSupport& support) {
    const PoolConfig& pool = config.pools[index];
    return {{pool, config.queue, config.restart, config.failover},
            {config.timeouts.start, config.timeouts.stall, config.timeouts.cancel,
             config.health.interval, config.health.timeout, pool.recycle},
            worker_command(config, index, folder, support)};
}

std::unique_ptr<Pool> build_pool(const PoolPlan& plan, const PoolSurroundings& surroundings) {
    auto pool = std::make_unique<Pool>(surroundings.executor, surroundings.clock, plan.settings,
                                       surroundings.state_changed);
    for (unsigned number = 1; number <= plan.settings.pool.workers.value(); ++number)
        add_worker(*pool, plan, number, surroundings);
    return pool;
}

std::string change_pool(Pool& pool, const PoolPlan& plan, const PoolSurroundings& surroundings) {
    const std::string& name = plan.settings.pool.name;
    const auto before = static_cast<unsigned>(pool.size());
    const unsigned wanted = plan.settings.pool.workers.value();
    pool.set(plan.settings);
    while (pool.size() > wanted) pool.release_last();
    unsigned number = 0;
    unsigned replaced = 0;
    for (const auto& worker : pool.each()) {
        replaced += worker->command() != plan.command;
        worker->reconfigure(worker_parts(plan, ++number, surroundings));
    }
    while (pool.size() < wanted)
        add_worker(pool, plan, static_cast<unsigned>(pool.size()) + 1, surroundings);
    std::string changes;
    if (replaced > 0)
        changes = fmt::format("pool {}: {} workers are replaced one by one", name, replaced);
    if (wanted != before)
        changes += fmt::format("{}{} workers instead of {}",
                               changes.empty() ? "pool " + name + ": " : "; ", wanted, before);
    return changes;
}

}  // namespace corral
