#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "cli/command.hpp"
#include "cli/connection.hpp"
#include "cli/format.hpp"
#include "cli/serve_config.hpp"
#include "cli/terminal.hpp"
#include "config/config_error.hpp"
#include "ipc/gguf.hpp"
#include "ipc/process_spawner.hpp"
#include "supervisor/answering.hpp"
#include "supervisor/fatal.hpp"
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

std::uint64_t available_memory_bytes() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("MemAvailable:")) return std::stoull(line.substr(13)) * 1024;
    return 0;
}

// Weights are shared by the workers of a pool, caches are not.
std::uint64_t memory_needed(const GgufInfo& model, const PoolConfig& pool) {
    const std::uint64_t each = model.kv_bytes(pool.context).value_or(0) +
                               std::uint64_t{pool.prompt_cache_mib} * 1024 * 1024;
    return model.weights_bytes.value_or(model.file_bytes) + each * pool.workers;
}

void check_files(const Config& config, Report& report) {
    std::uint64_t needed = 0;
    for (const PoolConfig& pool : config.pools) {
        try {
            const GgufInfo model = read_gguf(pool.model);
            needed += memory_needed(model, pool);
            report.ok("model " + pool.model + ": " + model.name.value_or("without a name") + ", " +
                      format_bytes(model.file_bytes) +
                      (model.chat_template ? "" : ", no chat template (ChatML is used)"));
            report.ok("llama-cli: " + find_program(pool.llama_cli));
        } catch (const std::runtime_error& error) {
            report.bad(error.what());
        }
    }
    const std::uint64_t available = available_memory_bytes();
    const std::string memory = "memory: weights, caches and prompt caches may take " +
                               format_bytes(needed) + " of " + format_bytes(available) +
                               " available";
    if (needed > available) {
        report.warn(memory + "; lower workers, context or prompt_cache_mib");
    } else {
        report.ok(memory);
    }
}

void check_threads(const Config& config, Report& report) {
    const unsigned cores = usable_cores();
    unsigned threads = 0;
    for (const PoolConfig& pool : config.pools)
        threads +=
            pool.workers * pool.threads.value_or(threads_per_worker(cores, total_workers(config)));
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
    try {
        config = config_of(flags);
    } catch (const ConfigError& error) {
        return complain({ExitCode::usage, error.what()});
    }
    spdlog::set_level(spdlog::level::off);
    Report report;
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
