// One subcommand each: adds itself to the program's options and leaves what is to be done in `chosen`, which main() runs
// after the command line was read. The returned number is the program's exit code.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace corral {

using Action = std::function<int()>;

void add_serve(CLI::App& app, Action& chosen);

// Exit codes of every subcommand (documented in the README and in --help).
enum ExitCode { ok = 0, failed_to_start = 1, usage = 2, cannot_connect = 3, refused = 4, failed = 5 };

}  // namespace corral
