// What ask, chat and status share: the options that say where the server is, and what its refusals
// mean to a person and to a script.
#pragma once

#include <functional>
#include <string>

#include "cli/command.hpp"
#include "ipc/http_client.hpp"

namespace CLI {
class App;
}

namespace corral {

struct ConnectionOptions {
    std::string socket = "/run/corral/corral.sock";
    unsigned timeout_seconds;
};

// Adds --socket (or $CORRAL_SOCKET) and --timeout.
void add_connection_options(CLI::App& command, ConnectionOptions& options);
HttpTarget target_of(const ConnectionOptions& options, int stop_fd = -1);

// Why there is no answer: the exit code and one line without "corral: ".
struct CallFailure {
    ExitCode code = ExitCode::ok;
    std::string message;
    explicit operator bool() const { return code != ExitCode::ok; }
};

// An answer of the server with another status than 200.
CallFailure failure_of(const HttpResponse& response);

// Runs `call`, which talks to the server; says what went wrong if it throws. ExchangeStopped
// passes.
CallFailure guarded(const std::function<CallFailure()>& call);

// A request without a body; that of the response goes to `body`.
CallFailure fetch(const HttpTarget& target, const std::string& method, const std::string& path,
                  std::string& body);

// Prints "corral: MESSAGE" on stderr and returns the exit code.
int complain(const CallFailure& failure);

}  // namespace corral
