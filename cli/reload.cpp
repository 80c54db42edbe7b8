#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/command.hpp"
#include "cli/connection.hpp"
#include "cli/terminal.hpp"

namespace corral {
namespace {

namespace json = boost::json;

constexpr const char* footer =
    R"--(The file is checked first: one with mistakes changes nothing. Then limits apply at once, and workers whose
command line is another one are replaced one at a time, when they are idle. No request fails.

Example:
  corral check-config /etc/corral/corral.yaml && corral reload

Exit codes:
  0  done, a line for each change   3  cannot connect
  2  wrong usage                    4  not allowed     5  a mistake in the file; the old configuration stays

Environment:
  CORRAL_SOCKET  the socket, unless --socket is given)--";

int reload(const ConnectionOptions& connection) {
    std::string body;
    if (const CallFailure failure = fetch(target_of(connection), "POST", "/v1/reload", body))
        return complain(failure);
    boost::system::error_code ec;
    const json::value report = json::parse(body, ec);
    const json::value* changes = ec ? nullptr : report.find_pointer("/changes", ec);
    if (!changes || !changes->is_array())
        return complain({ExitCode::failed, "the server's report on the reload is not understood"});
    std::string lines;
    for (const json::value& change : changes->get_array())
        if (change.is_string()) lines += one_line(change.get_string()) + "\n";
    write_all(STDOUT_FILENO, lines.empty() ? "read again; no worker is touched\n" : lines);
    return ExitCode::ok;
}

}  // namespace

void add_reload(CLI::App& app, Action& chosen) {
    auto options = std::make_shared<ConnectionOptions>(ConnectionOptions{.timeout_seconds = 30});
    CLI::App* command =
        app.add_subcommand("reload", "Have corral serve read its configuration again");
    add_connection_options(*command, *options);
    command->footer(footer);
    command->callback([options, &chosen] { chosen = [options] { return reload(*options); }; });
}

}  // namespace corral
