#include "cli/serve_config.hpp"

#include <CLI/CLI.hpp>

#include "config/config_error.hpp"
#include "config/fields.hpp"
#include "config/loader.hpp"
#include "config/text.hpp"
#include "config/validate.hpp"

namespace corral {

void add_serve_flags(CLI::App& command, ServeFlags& flags) {
    command.add_option("-c,--config", flags.config, "Configuration file, see corral.yaml(5)")
        ->type_name("FILE");
    command.add_option("-m,--model", flags.model, "GGUF model file")->type_name("FILE");
    command.add_option("-w,--workers", flags.workers,
                       "llama-cli processes to keep loaded, or auto (3)");
    command.add_option("-s,--socket", flags.socket, "Unix socket (/run/corral/corral.sock)")
        ->type_name("FILE");
    command.add_option("--llama-cli", flags.llama_cli, "The llama-cli to run (from PATH)")
        ->type_name("FILE");
    command.add_option("--ctx-size", flags.context, "Context of each worker, in tokens (2048)");
    command.add_option("--max-tokens", flags.max_tokens, "Longest answer, in tokens (512)");
    command.add_option("--threads", flags.threads, "Threads of each worker (cores / workers)");
}

Config config_of(const ServeFlags& flags) {
    Config config;
    if (!flags.config.empty()) {
        config = load_config(flags.config);
    } else {
        config.pools.emplace_back();
    }
    PoolConfig& pool = config.pools.front();
    if (flags.model) pool.model = *flags.model;
    if (flags.workers) {
        const rules::WholeOrAuto rule{{1, limits::workers_max}};
        const auto workers = rule.parse(*flags.workers);
        if (!workers)
            throw ConfigError("--workers: expected " + rule.expected() + ", got " +
                              corral::quoted(*flags.workers));
        pool.workers = *workers;
    }
    if (flags.llama_cli) pool.llama_cli = *flags.llama_cli;
    if (flags.context) {
        pool.context = *flags.context;
        // A small context alone is no contradiction: the cap of answers that nobody chose gives
        // way.
        if (flags.config.empty()) pool.max_tokens = std::min(pool.max_tokens, pool.context / 2);
    }
    if (flags.max_tokens) pool.max_tokens = *flags.max_tokens;
    if (flags.threads) pool.threads = *flags.threads;
    if (flags.socket) {
        if (!config.listen.unix_socket) config.listen.unix_socket.emplace();
        config.listen.unix_socket->path = *flags.socket;
    }
    validate(config);
    return config;
}

}  // namespace corral
