#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/command.hpp"
#include "cli/connection.hpp"
#include "cli/serve_config.hpp"
#include "cli/terminal.hpp"
#include "config/config_error.hpp"
#include "ipc/gguf.hpp"
#include "ipc/process_spawner.hpp"
#include "supervisor/answering.hpp"
#include "supervisor/auto_workers.hpp"
#include "supervisor/available_memory.hpp"
#include "supervisor/fatal.hpp"
#include "supervisor/format.hpp"
#include "supervisor/llama_cli_command.hpp"
#include "supervisor/pool_builder.hpp"
#include "supervisor/usable_cores.hpp"
#include "supervisor/worker_confinement.hpp"

namespace corral {
namespace {

constexpr const char* footer =
    R"--(Checks what a pool needs, without touching a server that runs: the model file, the llama-cli, cores and
memory; then starts one worker of each pool and lets it answer, exactly as serve would.

Example:
  corral doctor --config /etc/corral/corral.yaml

Exit codes:
  0  all is well     1  something is not; its line says what to do
  2  wrong usage, or a mistake in the configuration file)--";

struct TrialAnswer final : AnswerSink {
    awaitable<bool> write(const std::string& piece) override {
        bytes += piece.size();
        co_return true;
    }
    std::size_t bytes = 0;
};

class Report {
  public:
    void line(const char* verdict, const std::string& text) {
        write_all(STDOUT_FILENO, std::string(verdict) + "  " + one_line(text) + "\n");
    }
    void ok(const std::string& text) { line("ok  ", text); }
    void warn(const std::string& text) { line("warn", text); }
    void bad(const std::string& text) {
        line("BAD ", text);
        failed_ = true;
    }
    bool failed() const { return failed_; }

  private:
    bool failed_ = false;
};

// Everything that all workers may ever take, against what this machine and cgroup have left.
void check_memory(const Config& config, const std::vector<PoolDemand>& demands, Report& report) {
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

void check_files(const Config& config, Report& report) {
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

void check_threads(const Config& config, Report& report) {
    const unsigned cores = usable_cores();
    unsigned threads = 0;
    for (const PoolConfig& pool : config.pools)
        threads += pool.workers.value() *
                   pool.threads.value_or(threads_per_worker(cores, total_workers(config)));
    const std::string text = "threads: " + std::to_string(threads) + " of all workers on " +
                             std::to_string(cores) + " usable cores";
    if (threads > cores) {
        report.warn(text + "; answers at the same time will slow each other down");
    } else {
        report.ok(text);
    }
}

// What the kernel allows, and which pools do not want it.
void check_confinement(const Config& config, const ConfinementSupport& support, Report& report) {
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

awaitable<void> try_pool(Pool& pool, Clock& clock, milliseconds limit, Report& report) {
    pool.start();
    ChatRequest request;
    request.conversation.messages = {{"user", "Hello"}};
    request.max_tokens = 16;
    Cancellation cancellation;
    cancellation.cancel_at(clock, clock.now() + limit);
    TrialAnswer sink;
    const std::string name = "pool " + pool.config().name;
    try {
        const Origin origin{"doctor", "", Priority::normal};
        const AnswerEnd end = co_await answer(pool, clock, request, origin, cancellation, sink);
        report.ok(name + ": a worker loaded and answered (" + std::to_string(end.waited.count()) +
                  " ms to load, " + std::to_string(end.generated.count()) + " ms to answer)");
        if (!end.finish.usage.prompt_tokens)
            report.warn(name + ": this llama-cli logs no token counts; usage will be unknown");
    } catch (const ApiError& error) {
        const std::string last = pool.workers().front().last_exit;
        report.bad(name + ": no answer: " + (last.empty() ? error.what() : last));
    }
    co_await pool.stop();
}

// One worker of each pool, one after another.
void try_pools(const Config& config, const ConfinementSupport& support, Report& report) {
    Config trial = config;
    for (PoolConfig& pool : trial.pools) pool.workers = 1;
    trial.queue.timeout = config.timeouts.start;
    for (std::size_t i = 0; i < trial.pools.size(); ++i) {
        asio::io_context io{1};
        SystemClock clock(io.get_executor());
        ProcessSpawner spawner(io.get_executor());
        try {
            const RuntimeFolder folder;
            const auto pool = build_pool(plan_pool(trial, i, folder, support),
                                         {io.get_executor(), clock, spawner, [](const Worker&) {}});
            TaskGroup tasks(io.get_executor(), clock, fatal_task_error);
            tasks.spawn("trial", try_pool(*pool, clock, config.timeouts.start, report));
            io.run();
        } catch (const std::runtime_error& error) {
            report.bad(error.what());
        }
    }
}

int doctor(const ServeFlags& flags) {
    Config config;
    Report report;
    try {
        config = config_of(flags);
        for (const std::string& reason :
             resolve_workers(config, {available_memory().bytes(), usable_cores()}))
            report.ok(reason);
    } catch (const ConfigError& error) {
        return complain({ExitCode::usage, error.what()});
    } catch (const GgufError&) {
        // Told below, with what else there is to tell.
        for (PoolConfig& pool : config.pools) pool.workers = pool.workers.value_or(1);
    }
    spdlog::set_level(spdlog::level::off);
    check_files(config, report);
    check_threads(config, report);
    const ConfinementSupport support = probe_confinement();
    check_confinement(config, support, report);
    if (!report.failed()) try_pools(config, support, report);
    return report.failed() ? ExitCode::failed_to_start : ExitCode::ok;
}

}  // namespace

void add_doctor(CLI::App& app, Action& chosen) {
    auto flags = std::make_shared<ServeFlags>();
    CLI::App* command =
        app.add_subcommand("doctor", "Check that serve would work here, and why not");
    add_serve_flags(*command, *flags);
    command->footer(footer);
    command->callback([flags, &chosen] { chosen = [flags] { return doctor(*flags); }; });
}

}  // namespace corral
