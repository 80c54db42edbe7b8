#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>

#include "cli/command.hpp"
#include "cli/connection.hpp"
#include "cli/pool_view.hpp"
#include "cli/status_watch.hpp"
#include "cli/terminal.hpp"

namespace corral {
namespace {

constexpr const char* footer = R"--(Examples:
  corral status
  corral status --watch
  corral status --json | jq '.pools[].workers[].state'
  corral status --json --watch     # a report on each line, whenever something changes

The same for a browser is at GET /, over TCP (listen.tcp).

Exit codes:
  0  shown           3  cannot connect
  2  wrong usage     4  refused        5  failed

Environment:
  CORRAL_SOCKET  the socket, unless --socket is given)--";

struct StatusOptions {
    ConnectionOptions connection{.timeout_seconds = 5};
    bool watch = false;
    bool json = false;
};

std::string rendered(const StatusOptions& options, const std::string& report) {
    return options.json ? report : pool_view(report, terminal_size(STDOUT_FILENO).columns);
}

int print(const std::string& text) {
    if (write_all(STDOUT_FILENO, text) || errno == EPIPE) return ExitCode::ok;
    return complain({ExitCode::failed, std::string("cannot write to stdout: ") + strerror(errno)});
}

int status(const StatusOptions& options) {
    // A server that is not there is an error; only one that goes away later is waited for.
    std::string report;
    const HttpTarget target = target_of(options.connection);
    if (const CallFailure failure = fetch(target, "GET", "/v1/pool", report))
        return complain(failure);
    if (!options.watch) {
        try {
            return print(rendered(options, report));
        } catch (const PoolReportError& error) {
            return complain({ExitCode::failed, error.what()});
        }
    }
    const RenderReport render = [&](const std::string& each) { return rendered(options, each); };
    const bool screen = !options.json && is_terminal(STDOUT_FILENO);
    return screen ? watch_on_screen(options.connection, render)
                  : watch_in_lines(options.connection, render);
}

}  // namespace

void add_status(CLI::App& app, Action& chosen) {
    auto options = std::make_shared<StatusOptions>();
    CLI::App* command =
        app.add_subcommand("status", "Show the workers, the queue, recent figures and the memory");
    command->add_flag("-w,--watch", options->watch, "Show it again whenever something changes");
    command->add_flag("--json", options->json, "Print what GET /v1/pool says, as it is");
    add_connection_options(*command, options->connection);
    command->footer(footer);
    command->callback([options, &chosen] { chosen = [options] { return status(*options); }; });
}

}  // namespace corral
