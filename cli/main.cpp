#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>

#include "cli/command.hpp"

int main(int argc, char** argv) {
    // One write to a dead child's stdin would end the daemon otherwise.
    std::signal(SIGPIPE, SIG_IGN);
    // A pipe that took the place of a closed stdin, stdout or stderr would be mistaken for it.
    while (true) {
        const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (fd > STDERR_FILENO) {
            close(fd);
            break;
        }
        if (fd < 0) break;
        fcntl(fd, F_SETFD, 0);
    }

    CLI::App app("Keeps llama-cli processes loaded and answers chat requests from them.", "corral");
    app.require_subcommand(1);
    corral::Action chosen;
    corral::add_serve(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? corral::ExitCode::ok : corral::ExitCode::usage;
    }
    return chosen();
}
