// The observable label of where a worker stands in its life; see supervisor/worker.hpp.
#pragma once

#include <string_view>

namespace corral {

enum class WorkerState {
    starting,
    ready,
    busy,
    recovering,
    checking,
    retiring,
    backoff,
    stopping,
    stopped
};

std::string_view to_string(WorkerState state);

}  // namespace corral
