#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command.hpp"
#include "config/loader.hpp"
#include "config/validate.hpp"
#include "supervisor/supervisor.hpp"

namespace corral {
namespace {

struct ServeOptions {
    std::string config;
    std::optional<std::string> model;
    std::optional<unsigned> workers;
    std::optional<std::string> socket;
    std::optional<std::string> llama_cli;
    std::optional<unsigned> context;
};

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::trace: return spdlog::level::trace;
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warn: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
    }
    return spdlog::level::info;
}

// The file's configuration, or the defaults, with what the flags say on top.
Config config_for(const ServeOptions& options) {
    Config config;
    if (!options.config.empty()) {
        config = load_config(options.config);
    } else {
        config.pools.emplace_back();
    }
    PoolConfig& pool = config.pools.front();
    if (options.model) pool.model = *options.model;
    if (options.workers) pool.workers = *options.workers;
    if (options.llama_cli) pool.llama_cli = *options.llama_cli;
    if (options.context) pool.context = *options.context;
    if (options.socket) {
        if (!config.listen.unix_socket) config.listen.unix_socket.emplace();
        config.listen.unix_socket->path = *options.socket;
    }
    validate(config);
    return config;
}

int serve(const ServeOptions& options) {
    Config config;
    try {
        config = config_for(options);
    } catch (const ConfigError& error) {
        std::cerr << "corral: " << error.what() << '\n';
        return ExitCode::usage;
    }
    spdlog::set_default_logger(spdlog::stderr_logger_st("corral"));
    spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    spdlog::set_level(spdlog_level(config.log.level));
    try {
        Supervisor supervisor(config);
        supervisor.run();
    } catch (const std::runtime_error& error) {
        std::cerr << "corral: " << error.what() << '\n';
        return ExitCode::failed_to_start;
    }
    return ExitCode::ok;
}

}  // namespace

void add_serve(CLI::App& app, Action& chosen) {
    auto options = std::make_shared<ServeOptions>();
    CLI::App* command = app.add_subcommand("serve", "Load the workers and answer requests");
    command->add_option("-c,--config", options->config, "Configuration file (corral.yaml)");
    command->add_option("-m,--model", options->model, "GGUF model file");
    command->add_option("-w,--workers", options->workers, "llama-cli processes to keep loaded");
    command->add_option("-s,--socket", options->socket, "Path of the Unix socket");
    command->add_option("--llama-cli", options->llama_cli, "The llama-cli to run");
    command->add_option("--ctx-size", options->context, "Context of each worker, in tokens");
    command->callback([options, &chosen] { chosen = [options] { return serve(*options); }; });
}

}  // namespace corral
