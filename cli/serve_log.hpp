// The log of `corral serve`: which sink the configuration wants, and how much goes there. Called by
// cli/serve.cpp alone.
#pragma once

#include <memory>

#include "cli/serve_progress.hpp"
#include "config/config.hpp"

namespace corral {

struct ServeLog {
    // For lines of text on a terminal, where the workers' loading is shown below them.
    std::shared_ptr<ServeProgress> progress;
    // Programs read it: even the last words before the end are to be entries of it.
    bool for_programs;
};

ServeLog set_up_log(const Config& config);
void set_log_level(const LogConfig& log);

}  // namespace corral
