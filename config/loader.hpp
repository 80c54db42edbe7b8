// Reads the configuration from YAML: defaults for what is not given, and one clear line for the
// first thing that is wrong, `FILE:LINE:COLUMN: pools[0].workers: expected a whole number from 1 to
// 256, got "three"`. For the start of a program and for check-config; blocks on the file. Files
// named in the configuration (model, llama_cli, api_key_file) are not looked at.
#pragma once

#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/config_error.hpp"
#include "config/expand_env.hpp"

namespace corral {

// Throws ConfigError, also for a file that cannot be read (`FILE: cannot open: ...`) or is larger
// than 1 MiB.
Config load_config(const std::string& path);

// The same for a text in memory; source_name stands in for the file's name in messages. Variables
// in `${NAME}` come from the process environment.
Config parse_config(std::string_view yaml_text, const std::string& source_name);

// With variables from elsewhere, for tests.
Config parse_config(std::string_view yaml_text, const std::string& source_name,
                    const EnvLookup& lookup);

}  // namespace corral
