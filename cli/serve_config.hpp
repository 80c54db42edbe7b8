// The configuration that `serve`, `doctor` and `plan` work with: a file, flags, or flags on top of
// a file.
#pragma once

#include <optional>
#include <string>

#include "config/config.hpp"

namespace CLI {
class App;
}

namespace corral {

struct ServeFlags {
    std::string config;  // path
    std::optional<std::string> model;
    std::optional<std::string> workers;  // a number or auto
    std::optional<std::string> socket;
    std::optional<std::string> llama_cli;
    std::optional<unsigned> context;
    std::optional<unsigned> max_tokens;
    std::optional<unsigned> threads;
};

void add_serve_flags(CLI::App& command, ServeFlags& flags);

// Flags are about the first pool. Throws ConfigError.
Config config_of(const ServeFlags& flags);

}  // namespace corral
