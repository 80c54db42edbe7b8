#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/connection.hpp"
#include "cli/serve_config.hpp"
#include "cli/serve_log.hpp"
#include "config/config_error.hpp"
#include "supervisor/auto_workers.hpp"
#include "supervisor/available_memory.hpp"
#include "supervisor/supervisor.hpp"
#include "supervisor/usable_cores.hpp"

namespace corral {
namespace {

constexpr const char* footer = R"--(Examples:
  corral serve --model model.gguf --workers 3 --socket /tmp/corral.sock
  corral serve --config /etc/corral/corral.yaml

SIGTERM or Ctrl-C finishes the running answers (at most timeouts.drain) and ends; a second one ends at once.
SIGHUP reads the configuration file again, as `corral reload` does; a file with mistakes changes nothing.

Exit codes:
  0  stopped         1  could not start: model, llama-cli or socket; stderr says which
  2  wrong usage, or a mistake in the configuration file)--";

int serve(const ServeFlags& flags) {
    // Taken once: when the configuration is read again, our own workers have their memory already.
    const Budget budget{available_memory().bytes(), usable_cores()};
    Config config;
    std::vector<std::string> reasons;
    try {
        config = config_of(flags);
        reasons = resolve_workers(config, budget);
    } catch (const ConfigError& error) {
        return complain({ExitCode::usage, error.what()});
    } catch (const GgufError& error) {
        return complain({ExitCode::failed_to_start, error.what()});
    }
    const ServeLog log = set_up_log(config);
    for (const std::string& reason : reasons) spdlog::info("{}", reason);
    try {
        Supervisor::Hooks hooks;
        hooks.state_changed = [&](const Worker& worker) {
            if (log.progress) log.progress->update(worker.snapshot());
        };
        if (!flags.config.empty()) {
            hooks.read_config = [&] {
                Config changed = config_of(flags);
                for (const std::string& reason : resolve_workers(changed, budget))
                    spdlog::info("{}", reason);
                return changed;
            };
        }
        hooks.config_changed = [](const Config& changed) { set_log_level(changed.log); };
        Supervisor supervisor(config, std::move(hooks));
        supervisor.run();
    } catch (const std::runtime_error& error) {
        if (!log.for_programs) return complain({ExitCode::failed_to_start, error.what()});
        spdlog::critical("{}", error.what());
        return ExitCode::failed_to_start;
    }
    return ExitCode::ok;
}

}  // namespace

void add_serve(CLI::App& app, Action& chosen) {
    auto flags = std::make_shared<ServeFlags>();
    CLI::App* command = app.add_subcommand("serve", "Load the workers and answer requests");
    add_serve_flags(*command, *flags);
    command->footer(footer);
    command->callback([flags, &chosen] { chosen = [flags] { return serve(*flags); }; });
}

}  // namespace corral
