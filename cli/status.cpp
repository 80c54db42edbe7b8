#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>
#include <sstream>

#include "cli/command.hpp"
#include "cli/connection.hpp"
#include "cli/pool_table.hpp"
#include "cli/signal_fd.hpp"
#include "cli/terminal.hpp"

namespace corral {
namespace {

constexpr int refresh_ms = 1000;

constexpr const char* footer = R"--(Examples:
  corral status
  corral status --watch
  corral status --json | jq '.pools[].workers[].state'

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

// What is to be shown, now.
CallFailure look(const StatusOptions& options, int stop_fd, std::string& shown) {
    std::string report;
    const HttpTarget target = target_of(options.connection, stop_fd);
    if (const CallFailure failure = fetch(target, "GET", "/v1/pool", report)) return failure;
    try {
        shown = options.json ? report : pool_table(report);
    } catch (const PoolReportError& error) {
        return {ExitCode::failed, error.what()};
    }
    return {};
}

int print(const std::string& text) {
    if (write_all(STDOUT_FILENO, text) || errno == EPIPE) return ExitCode::ok;
    return complain({ExitCode::failed, std::string("cannot write to stdout: ") + strerror(errno)});
}

// The other screen of a terminal, without cursor and line wrapping, as long as this lives.
class Screen {
  public:
    Screen() { write_all(STDOUT_FILENO, "\x1b[?1049h\x1b[?25l\x1b[?7l"); }
    Screen(const Screen&) = delete;
    ~Screen() { write_all(STDOUT_FILENO, "\x1b[?7h\x1b[?25h\x1b[?1049l"); }

    bool show(const std::string& text) {
        std::istringstream lines(text);
        std::string frame = "\x1b[H";
        std::string line;
        for (unsigned row = terminal_size(STDOUT_FILENO).rows; row > 1; --row)
            if (std::getline(lines, line)) frame += line + "\x1b[K\r\n";
        return write_all(STDOUT_FILENO, frame + "\x1b[J");
    }
};

// True if a signal came within the refresh interval.
bool stopped_while_waiting(const SignalFd& signals) {
    pollfd state{signals.fd(), POLLIN, 0};
    return poll(&state, 1, refresh_ms) > 0;
}

// Goes on when the server goes away: it may come back.
int watch_on_screen(const StatusOptions& options, std::string shown) {
    const SignalFd signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT});
    Screen screen;
    try {
        while (screen.show(shown + "\nevery second; Ctrl-C leaves\n")) {
            if (stopped_while_waiting(signals)) break;
            if (const CallFailure failure = look(options, signals.fd(), shown))
                shown = "corral: " + one_line(failure.message) + "\n";
        }
    } catch (const ExchangeStopped&) {
        // Ctrl-C while the server was being asked
    }
    return ExitCode::ok;
}

int watch_in_lines(const StatusOptions& options, std::string shown) {
    while (write_all(STDOUT_FILENO, shown + (options.json ? "" : "\n"))) {
        poll(nullptr, 0, refresh_ms);
        if (const CallFailure failure = look(options, -1, shown)) return complain(failure);
    }
    return ExitCode::ok;
}

int status(const StatusOptions& options) {
    std::string shown;
    if (const CallFailure failure = look(options, -1, shown)) return complain(failure);
    if (!options.watch) return print(shown);
    const bool screen = !options.json && is_terminal(STDOUT_FILENO);
    return screen ? watch_on_screen(options, shown) : watch_in_lines(options, shown);
}

}  // namespace

void add_status(CLI::App& app, Action& chosen) {
    auto options = std::make_shared<StatusOptions>();
    CLI::App* command = app.add_subcommand("status", "Show the workers and the queue as a table");
    command->add_flag("-w,--watch", options->watch, "Show it again every second");
    command->add_flag("--json", options->json, "Print what GET /v1/pool says, as it is");
    add_connection_options(*command, options->connection);
    command->footer(footer);
    command->callback([options, &chosen] { chosen = [options] { return status(*options); }; });
}

}  // namespace corral
