#include "cli/doctor_checks.hpp"

#include "ipc/gguf.hpp"
#include "supervisor/auto_workers.hpp"
#include "supervisor/available_memory.hpp"
#include "supervisor/format.hpp"
#include "supervisor/llama_cli_command.hpp"
#include "supervisor/pool_builder.hpp"
#include "supervisor/usable_cores.hpp"
#include "supervisor/worker_confinement.hpp"

namespace corral {
namespace {

// Everything that all workers may ever take, against what this machine and cgroup have left.
void check_memory(const Config& config, const std::vector<PoolDemand>& demands,
                  DoctorReport& report) {
    std::vector<WorkerChoice> choices;
    for (const PoolDemand& demand : demands)
        choices.push_back({demand.workers.value(), WorkerLimit::given});
    const std::uint64_t needed = memory_at_most(demands, choices);
    std::uint64_t caches = 0;
    for (const PoolDemand& demand : demands)
        caches += *demand.workers * demand.memory.worker.prompt_cache;
    const AvailableMemory available = available_memory();
    const std::uint64_t bytes = available.bytes();
    std::string text = "memory: all workers may take " + format_bytes(needed) + ", " +
                       format_bytes(caches) + " of it for prompt caches, of " +
                       format_bytes(bytes) + " available";
    if (bytes < available.machine_bytes)
        text += " below the cgroup's limit (memory.max; the machine has " +
                format_bytes(available.machine_bytes) + ")";
    const std::uint64_t usable = bytes - std::min(bytes, config.memory.headroom.of(bytes));
    if (needed <= usable) return report.ok(text);
    for (const PoolDemand& demand : demands)
        report.warn("memory: a worker of this pool may take " +
                    format_bytes(demand.memory.worker.at_most()) + ", of it " +
                    format_bytes(demand.memory.worker.kv) + " KV cache");
    report.warn(text + (needed > bytes ? "" : ", which leaves less than memory.headroom") +
                "; lower workers, prompt_cache_mib or context, or set workers: auto "
                "(`corral plan` shows what fits)");
}

}  // namespace

void check_files(const Config& config, DoctorReport& report) {
    std::vector<PoolDemand> demands;
    for (const PoolConfig& pool : config.pools) {
        try {
            const GgufInfo model = read_gguf(pool.model);
            demands.push_back({pool_memory(model, pool), pool.workers});
            report.ok("model " + pool.model + ": " + model.name.value_or("without a name") + ", " +
                      format_bytes(model.file_bytes) +
                      (model.chat_template ? "" : ", no chat template (ChatML is used)"));
            report.ok("llama-cli: " + find_program(pool.llama_cli));
        } catch (const std::runtime_error& error) {
            report.bad(error.what());
        }
    }
    if (!demands.empty()) check_memory(config, demands, report);
}

void check_threads(const Config& config, DoctorReport& report) {
    const unsigned cores = usable_cores();
    unsigned threads = 0;
    for (const PoolConfig& pool : config.pools)
        threads += pool.workers.value() *
                   pool.threads.value_or(threads_per_worker(cores, total_workers(config)));
    const std::string text = "threads: " + std::to_string(threads) + " of all workers on " +
                             std::to_string(cores) + " usable cores";
    if (threads > cores) {
        report.warn(text +
                    "; answers at the same time slow each other down: lower workers or threads");
    } else {
        report.ok(text);
    }
}

void check_confinement(const Config& config, const ConfinementSupport& support,
                       DoctorReport& report) {
    bool required = false;
    for (const PoolConfig& pool : config.pools) {
        required = required || pool.confine == Confine::required;
        if (pool.confine == Confine::off)
            report.warn("pool " + pool.name + ": workers are not confined (confine: off)");
    }
    for (const ConfinementPart& part : confinement_parts(support)) {
        const std::string text = "confinement: " + part.what;
        if (!part.missing) {
            report.ok(text);
        } else if (required) {
            report.bad(text + " is required, but " + *part.missing);
        } else {
            report.warn(text + " is not in force: " + *part.missing);
        }
    }
}

}  // namespace corral
