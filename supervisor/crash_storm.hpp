// Tells a pool in which something is broken for good from one that lost a worker: after several
// deaths in a short time the pool is failing, and only one of its workers, the probe, is started at
// a time, until one lives and works. Pure policy, one object per pool.
//
// The first probe comes soon, as the trouble may be over; the next ones `max` apart, so that a
// missing model costs a handful of starts in five minutes. They need no jitter: there is one at a
// time.
#pragma once

#include <deque>

#include "async/clock.hpp"
#include "config/config.hpp"

namespace corral {

class CrashStorm {
  public:
    explicit CrashStorm(const RestartConfig& settings) : settings_(settings) {}
    void set(const RestartConfig& settings) { settings_ = settings; }

    // A worker's process ended and that was no decision of ours. True if this begins the storm.
    bool note_death(TimePoint now, bool was_probe);
    bool failing() const { return failing_; }
    // While failing: the earliest time for the next probe.
    TimePoint next_probe_at() const { return next_probe_at_; }
    // While failing: the probe takes requests since `ready_for`, and the pool has answered some
    // since then or not. True if this ends the storm: it lived for a while and answers come, or it
    // lived for long.
    bool note_probe(milliseconds ready_for, bool answered);

  private:
    RestartConfig settings_;
    std::deque<TimePoint> deaths_;  // within the window
    bool failing_ = false;
    TimePoint next_probe_at_{};
};

}  // namespace corral
