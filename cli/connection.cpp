#include "cli/connection.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/answer_stream.hpp"
#include "cli/terminal.hpp"

namespace corral {

void add_connection_options(CLI::App& command, ConnectionOptions& options) {
    command.add_option("-s,--socket", options.socket, "Path of the Unix socket of corral serve")
        ->type_name("FILE")
        ->envname("CORRAL_SOCKET")
        ->capture_default_str();
    command
        .add_option("--timeout", options.timeout_seconds,
                    "Seconds without a byte from the server after which to give up")
        ->check(CLI::Range(1u, 86400u))
        ->capture_default_str();
}

HttpTarget target_of(const ConnectionOptions& options, int stop_fd) {
    HttpTarget target;
    target.socket = options.socket;
    target.idle_timeout = std::chrono::seconds(options.timeout_seconds);
    target.stop_fd = stop_fd;
    return target;
}

CallFailure failure_of(const HttpResponse& response) {
    const std::string reason =
        error_message(response.body) + " (HTTP " + std::to_string(response.status) + ")";
    const auto retry = response.headers.find("Retry-After");
    const std::string later =
        retry == response.headers.end() ? "" : "; retry in " + one_line(retry->second) + " s";
    switch (response.status) {
        case 429:
            return {ExitCode::refused, "the server is overloaded: " + reason + later};
        case 503:
            return {ExitCode::refused, "the server cannot answer now: " + reason + later};
        case 401:
        case 403:
            return {ExitCode::refused, "the server does not let you in: " + reason};
        default:
            return {ExitCode::failed, "the server refused the request: " + reason};
    }
}

CallFailure guarded(const std::function<CallFailure()>& call) {
    try {
        return call();
    } catch (const ConnectError& error) {
        return {
            ExitCode::cannot_connect,
            std::string(error.what()) + "; is corral serve running? (--socket gives another path)"};
    } catch (const ExchangeError& error) {
        return {ExitCode::failed, std::string("the answer failed: ") + error.what()};
    }
}

CallFailure fetch(const HttpTarget& target, const std::string& method, const std::string& path,
                  std::string& body) {
    return guarded([&]() -> CallFailure {
        HttpResponse response = http_exchange(target, {method, path, {}, ""});
        if (response.status != 200) return failure_of(response);
        body = std::move(response.body);
        return {};
    });
}

int complain(const CallFailure& failure) {
    write_all(STDERR_FILENO, "corral: " + one_line(failure.message) + "\n");
    return failure.code;
}

}  // namespace corral
