#include "supervisor/progress_stop.hpp"

#include <algorithm>

namespace corral {
namespace {

using std::chrono::milliseconds;

// Looks ten times within the patience, so that a hang is noticed at most a tenth late.
constexpr int looks = 10;
constexpr milliseconds look_interval_max{1000};

}  // namespace

ProgressStop::ProgressStop(Clock& clock, const Child& child, milliseconds patience,
                           std::stop_token parent, TimePoint at_the_latest)
    : clock_(clock),
      child_(child),
      patience_(patience),
      at_the_latest_(at_the_latest),
      progressed_at_(clock.now()),
      on_parent_(std::move(parent), [this] { source_.request_stop(); }) {
    look_later();
}

void ProgressStop::look_later() {
    const milliseconds interval = std::clamp(patience_ / looks, milliseconds(1), look_interval_max);
    alarm_ = clock_.call_at(std::min(clock_.now() + interval, at_the_latest_), [this] { look(); });
}

void ProgressStop::look() {
    const TimePoint now = clock_.now();
    const std::optional<CpuUse> use = child_.cpu_use();
    // The first look sets the mark: what was used before it counts as progress only from then on.
    // A process that cannot be looked at (no descriptor is left) is not taken for hung, nor one
    // that gets no core on a busy machine.
    if (!use || use->wanted || (cpu_ && use->time > *cpu_)) progressed_at_ = now;
    if (use) cpu_ = use->time;
    stalled_ = now - progressed_at_ >= patience_ || now >= at_the_latest_;
    if (stalled_) {
        source_.request_stop();
    } else {
        look_later();
    }
}

}  // namespace corral
