#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "cli/command.hpp"
#include "cli/connection.hpp"
#include "cli/doctor_checks.hpp"
#include "cli/doctor_systemd.hpp"
#include "cli/doctor_trial.hpp"
#include "cli/serve_config.hpp"
#include "config/config_error.hpp"
#include "ipc/gguf.hpp"
#include "supervisor/auto_workers.hpp"
#include "supervisor/available_memory.hpp"
#include "supervisor/usable_cores.hpp"

namespace corral {
namespace {

constexpr const char* footer =
    R"--(Checks an installation from end to end, without touching a server that runs: the model file, the llama-cli,
memory, cores and confinement; for a configuration in /etc/corral the units of systemd; then starts one worker
of each pool and sees whether it keeps to what corral needs of a llama-cli. One line for each finding.

Example:
  corral doctor --config /etc/corral/corral.yaml

Exit codes:
  0  all is well     1  something is not; its line says what to do
  2  wrong usage, or a mistake in the configuration file)--";

// Goes to where the service runs, because there its relative paths start.
std::optional<ServiceUnits> find_units(const std::string& name, DoctorReport& report) {
    std::optional<ServiceUnits> units = service_units(name);
    if (!units) {
        report.warn("systemd: it does not run here; " + name + ".service was not looked at");
        return units;
    }
    const std::string folder = units->service["WorkingDirectory"];
    std::error_code ec;
    if (!folder.empty()) std::filesystem::current_path(folder, ec);
    if (ec) report.bad("systemd: " + name + ".service starts in " + folder + ": " + ec.message());
    return units;
}

int doctor(const ServeFlags& flags) {
    Config config;
    DoctorReport report;
    std::optional<ServiceUnits> units;
    try {
        const auto name = unit_of(flags.config);
        if (name) units = find_units(*name, report);
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
    if (units) {
        check_units(*units, config, report);
        check_reach(*units, config, report);
    }
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
