// For tasks that nothing can go on without: a worker whose exit nobody sees would wait for ever, so
// the process ends loudly and the service manager starts it anew.
#pragma once

#include <spdlog/spdlog.h>

#include "async/task_group.hpp"

namespace corral {

inline void fatal_task_error(const std::string& task, const std::string& error) {
    spdlog::critical("internal error in {}: {}; please report this", task, error);
    std::terminate();
}

}  // namespace corral
