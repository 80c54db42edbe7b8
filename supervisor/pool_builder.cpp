#include "supervisor/pool_builder.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <random>

#include "ipc/chat_template.hpp"
#include "ipc/gguf.hpp"
#include "ipc/llama_cli.hpp"
#include "supervisor/llama_cli_command.hpp"
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
        spdlog::warn("pool {}: context {} is more than the {} tokens that {} was trained on",
                     pool.name, pool.context, *model.context_length, pool.model);
    const std::string wrapped =
        wrap_chat_template(model.chat_template.value_or(std::string(chatml_template)));
    const std::string file = folder.write("template-" + std::to_string(index) + ".jinja", wrapped);
    const unsigned threads =
        pool.threads.value_or(threads_per_worker(usable_cores(), total_workers(config)));
    Command command = llama_cli_command(pool, find_program(pool.llama_cli), file, threads);
    confine(command, pool, support, worker_environment(environ));
    spdlog::info("pool {}: workers are {}", pool.name, describe_confinement(pool.confine, support));
    return command;
}

}  // namespace

unsigned total_workers(const Config& config) {
    unsigned total = 0;
    for (const PoolConfig& pool : config.pools) total += pool.workers;
    return total;
}

std::unique_ptr<Pool> build_pool(const Config& config, std::size_t index,
                                 const PoolSurroundings& surroundings) {
    const auto& [executor, clock, spawner, folder, support, state_changed] = surroundings;
    const PoolConfig& settings = config.pools[index];
    const Command command = worker_command(config, index, folder, support);
    auto pool = std::make_unique<Pool>(
        executor, clock, Pool::Settings{settings, config.queue, config.restart, config.failover},
        state_changed);
    const Worker::Limits limits{config.timeouts.start,  config.timeouts.stall,
                                config.timeouts.cancel, config.health.interval,
                                config.health.timeout,  settings.recycle};
    for (unsigned i = 1; i <= settings.workers; ++i) {
        Worker::Parts parts{
            settings.name + "/" + std::to_string(i),
            std::make_unique<LlamaCli>(executor, clock, command, settings.max_tokens),
            RestartPolicy(config.restart.initial, config.restart.max, random_fraction), limits,
            random_fraction};
        pool->add(
            std::make_unique<Worker>(executor, clock, spawner, std::move(parts), pool->owner()));
    }
    return pool;
}

}  // namespace corral
