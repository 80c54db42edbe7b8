#include "supervisor/recent_deaths.hpp"

namespace corral {
namespace {

bool our_decision(RestartCause cause) {
    switch (cause) {
        case RestartCause::interrupted:
        case RestartCause::recycled:
        case RestartCause::reconfigured:
            return true;
        case RestartCause::crashed:
        case RestartCause::killed:
        case RestartCause::exited:
        case RestartCause::hung:
        case RestartCause::unhealthy:
        case RestartCause::protocol:
        case RestartCause::not_ready:
        case RestartCause::start_failed:
            return false;
    }
    return false;
}

}  // namespace

void RecentDeaths::note(Death death) {
    if (our_decision(death.cause)) return;
    deaths_.push_front(std::move(death));
    if (deaths_.size() > most) deaths_.pop_back();
}

}  // namespace corral
