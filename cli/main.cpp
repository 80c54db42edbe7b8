#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "cli/command.hpp"

namespace {

// A pipe that took the place of a closed stdin, stdout or stderr would be mistaken for it.
void keep_standard_descriptors() {
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDWR);
    if (fd >= 0) close(fd);
}

constexpr const char* footer = R"(A first try, with the model that comes with corral:
  corral serve --model models/llama-rush.gguf --socket /tmp/corral.sock &
  corral ask --socket /tmp/corral.sock "Rules?"

Each command explains itself: corral COMMAND --help)";

}  // namespace

int main(int argc, char** argv) {
    keep_standard_descriptors();
    // One write to a dead child's stdin would end the daemon otherwise.
    std::signal(SIGPIPE, SIG_IGN);

    CLI::App app("Keeps llama-cli processes loaded and answers chat requests from them.", "corral");
    app.set_version_flag("--version", corral::version_line());
    app.footer(footer);
    app.require_subcommand(1);
    corral::Action chosen;
    for (const auto add :
         {corral::add_serve, corral::add_ask, corral::add_chat, corral::add_status,
          corral::add_reload, corral::add_check_config, corral::add_plan, corral::add_doctor})
        add(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? corral::ExitCode::ok : corral::ExitCode::usage;
    }
    try {
        return chosen();
    } catch (const std::exception& error) {
        std::cerr << "corral: " << error.what() << '\n';
        return corral::ExitCode::failed;
    }
}
