#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/connection.hpp"
#include "cli/plan_report.hpp"
#include "cli/serve_config.hpp"
#include "cli/terminal.hpp"
#include "config/config_error.hpp"
#include "config/fields.hpp"
#include "config/text.hpp"
#include "supervisor/available_memory.hpp"
#include "supervisor/format.hpp"
#include "supervisor/usable_cores.hpp"

namespace corral {
namespace {

constexpr const char* footer =
    R"--(Works from the figures in the model's file; nothing is loaded. Each row is a number of workers:
  SHARED        the weights, mapped from the file, and llama-cli's code: once for all workers
  PROCESS       heap, stacks and vocabulary         OWN WEIGHTS  copies that the workers cannot share
  KV CACHE      by context and cache types          LOADED       all of these: right after loading
  COMPUTE       used from the first long prompt on  PROMPT CACHE up to prompt_cache_mib, filled by and by
  AT MOST       everything                          LEFT         of the memory
The last line is what `workers: auto` chooses: the most that leaves the headroom when every cache is full, but
no more workers than cores. With several pools each table is of one pool alone, the last lines of all together.

Examples:
  corral plan --model model.gguf
  corral plan --model model.gguf --ctx-size 8192 --ram 8G --headroom 1G
  corral plan --config /etc/corral/corral.yaml --json | jq '.pools[].workers'

Exit codes:
  0  at least one worker of each pool fits
  1  not even that does, or the model cannot be read
  2  wrong usage, or a mistake in the configuration file)--";

struct PlanFlags {
    ServeFlags serve;
    std::string ram;       // "" for what is available
    std::string headroom;  // "" for the configuration's
    unsigned rows = 0;
    bool json = false;
};

std::uint64_t size_of(const std::string& option, const std::string& text) {
    const auto size = parse_size(text);
    if (!size || *size == 0)
        throw ConfigError(option + ": expected a size such as 512M or 8G, got " +
                          corral::quoted(text));
    return *size;
}

Share share_of(const std::string& option, const std::string& text) {
    const auto share = rules::SizeOrPercent::parse(text);
    if (!share)
        throw ConfigError(option + ": expected " + rules::SizeOrPercent::expected() + ", got " +
                          corral::quoted(text));
    return *share;
}

PlanReport plan_report(const PlanFlags& flags) {
    Config config = config_of(flags.serve);
    PlanReport report;
    const AvailableMemory available = available_memory();
    report.ram = flags.ram.empty() ? available.bytes() : size_of("--ram", flags.ram);
    report.ram_source = flags.ram.empty() ? available.source() : "--ram";
    const Share headroom =
        flags.headroom.empty() ? config.memory.headroom : share_of("--headroom", flags.headroom);
    report.headroom = headroom.of(report.ram);
    report.cores = usable_cores();
    report.rows = flags.rows;

    // What is configured does not matter here: the question is what would fit.
    for (PoolConfig& pool : config.pools) pool.workers.reset();
    const std::vector<PoolDemand> demands = pool_demands(config);
    const auto choices = choose_workers(demands, report.usable(), report.cores);
    report.needed = memory_at_most(demands, choices);
    for (std::size_t i = 0; i < demands.size(); ++i) {
        const PoolConfig& pool = config.pools[i];
        report.pools.push_back(
            {pool.name, pool.model, pool.context, demands[i].memory, choices[i]});
    }
    return report;
}

int plan(const PlanFlags& flags) {
    PlanReport report;
    try {
        report = plan_report(flags);
    } catch (const ConfigError& error) {
        return complain({ExitCode::usage, error.what()});
    } catch (const GgufError& error) {
        return complain({ExitCode::failed_to_start, error.what()});
    }
    write_all(STDOUT_FILENO, flags.json ? plan_json(report) : plan_table(report));
    if (report.fits()) return ExitCode::ok;
    const std::string who =
        report.pools.size() == 1 ? "not even one worker fits" : "not even one worker each fits";
    return complain({ExitCode::failed_to_start,
                     who + ": it may take " + format_bytes(report.needed) + " of the " +
                         format_bytes(report.usable()) +
                         " that may be used; lower context or prompt_cache_mib, or take a smaller "
                         "model"});
}

}  // namespace

void add_plan(CLI::App& app, Action& chosen) {
    auto flags = std::make_shared<PlanFlags>();
    CLI::App* command = app.add_subcommand("plan", "Show how many workers fit into the memory");
    command->add_option("-c,--config", flags->serve.config, "Configuration file: all its pools")
        ->type_name("FILE");
    command->add_option("-m,--model", flags->serve.model, "GGUF model file")->type_name("FILE");
    command->add_option("--ctx-size", flags->serve.context,
                        "Context of each worker, in tokens (2048)");
    command->add_option("--max", flags->rows, "Rows to show (until it no longer fits, at most 16)")
        ->check(CLI::Range(1U, limits::workers_max));
    command->add_option("--ram", flags->ram,
                        "Memory to plan with, as in 8G (what this machine and cgroup have left)");
    command->add_option("--headroom", flags->headroom, "What is kept free: a size or 10% (10%)");
    command->add_flag("--json", flags->json, "As JSON, sizes in bytes");
    command->footer(footer);
    command->callback([flags, &chosen] { chosen = [flags] { return plan(*flags); }; });
}

}  // namespace corral
