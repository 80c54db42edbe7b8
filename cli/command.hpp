// One subcommand each: adds itself to the program's options and leaves what is to be done in
// `chosen`, which main() runs after the command line was read. The returned number is the program's
// exit code.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace corral {

using Action = std::function<int()>;

void add_serve(CLI::App& app, Action& chosen);
void add_ask(CLI::App& app, Action& chosen);
void add_chat(CLI::App& app, Action& chosen);
void add_status(CLI::App& app, Action& chosen);
void add_reload(CLI::App& app, Action& chosen);
void add_check_config(CLI::App& app, Action& chosen);

void add_plan(CLI::App& app, Action& chosen);
void add_doctor(CLI::App& app, Action& chosen);

// "corral 0.1.0"
const char* version_line();

// Exit codes of every subcommand (documented in the README and in --help).
enum ExitCode {
    ok = 0,
    failed_to_start = 1,
    usage = 2,
    cannot_connect = 3,
    refused = 4,
    failed = 5
};

}  // namespace corral
