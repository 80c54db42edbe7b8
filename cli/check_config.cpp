#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command.hpp"
#include "config/loader.hpp"

namespace corral {
namespace {

constexpr const char* footer =
    R"(Nothing is started, and the files that the configuration names are not opened.

Example:
  corral check-config /etc/corral/corral.yaml && systemctl restart corral

Exit codes:
  0  it can be used
  2  it cannot; stderr says FILE:LINE:COLUMN, the key and what was expected

Environment:
  whatever the file names in ${NAME})";

int check_config(const std::string& file) {
    Config config;
    try {
        config = load_config(file);
    } catch (const ConfigError& error) {
        std::cerr << "corral: " << error.what() << '\n';
        return ExitCode::usage;
    }
    std::cout << file << ": ok\n";
    for (const PoolConfig& pool : config.pools)
        std::cout << "pool " << pool.name << ": " << pool.model << ", "
                  << (pool.workers ? std::to_string(*pool.workers) : std::string("auto"))
                  << (pool.workers == 1U ? " worker\n" : " workers\n");
    return ExitCode::ok;
}

}  // namespace

void add_check_config(CLI::App& app, Action& chosen) {
    auto file = std::make_shared<std::string>();
    CLI::App* command =
        app.add_subcommand("check-config", "Check a configuration file without starting anything");
    command->add_option("file", *file, "The file (corral.yaml)")->type_name("FILE")->required();
    command->footer(footer);
    command->callback([file, &chosen] { chosen = [file] { return check_config(*file); }; });
}

}  // namespace corral
