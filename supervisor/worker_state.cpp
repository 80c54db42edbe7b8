#include "supervisor/worker_state.hpp"

namespace corral {

std::string_view to_string(WorkerState state) {
    switch (state) {
        case WorkerState::starting:
            return "starting";
        case WorkerState::ready:
            return "ready";
        case WorkerState::busy:
            return "busy";
        case WorkerState::recovering:
            return "recovering";
        case WorkerState::checking:
            return "checking";
        case WorkerState::retiring:
            return "retiring";
        case WorkerState::backoff:
            return "backoff";
        case WorkerState::stopping:
            return "stopping";
        case WorkerState::stopped:
            return "stopped";
    }
    return "?";
}

}  // namespace corral
