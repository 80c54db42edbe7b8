// Whether a configuration makes sense, however it came about: loader.hpp asks this of a file,
// `corral serve --model F` of what it built from its flags. Pure: no file named in the
// configuration is looked at.
#pragma once

#include <optional>
#include <string>

#include "config/config.hpp"
#include "config/config_error.hpp"

namespace corral {

struct ConfigProblem {
    std::string key;  // path of the key as in the file: pools[0].workers
    std::string message;
};

// The first problem in the order of the file, or nothing.
std::optional<ConfigProblem> find_problem(const Config& config);

// Throws ConfigError `pools[0].workers: expected ...` for the first problem.
void validate(const Config& config);

}  // namespace corral
