#include "supervisor/crash_storm.hpp"

#include <algorithm>

namespace corral {
namespace {

constexpr milliseconds proof_time{10000};  // a probe that answers and lives as long is believed

}  // namespace

bool CrashStorm::note_death(TimePoint now, bool was_probe) {
    if (failing_) {
        if (was_probe) next_probe_at_ = now + settings_.max;
        return false;
    }
    deaths_.push_back(now);
    while (now - deaths_.front() > settings_.storm_window) deaths_.pop_front();
    if (deaths_.size() < settings_.storm_deaths) return false;
    deaths_.clear();
    failing_ = true;
    next_probe_at_ = now + settings_.initial;
    return true;
}

bool CrashStorm::note_probe(milliseconds ready_for, bool answered) {
    const milliseconds enough = answered ? std::min(proof_time, settings_.max) : settings_.max;
    if (!failing_ || ready_for < enough) return false;
    failing_ = false;
    return true;
}

}  // namespace corral
