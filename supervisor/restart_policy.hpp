// How long a worker waits before its next process: pure policy, one object per worker, no clock and
// no I/O. The first death after a good life is followed by a new process at once; further ones back
// off exponentially with full jitter: each delay is drawn from zero to its limit, so that workers
// that died together do not come back together. What a whole pool in trouble does is
// supervisor/crash_storm.hpp.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

namespace corral {

using std::chrono::milliseconds;

class RestartPolicy {
  public:
    // `random` draws from [0, 1).
    RestartPolicy(milliseconds initial, milliseconds max, std::function<double()> random);

    // The delay after a process that took requests for `ready_for`; nullopt if it never did. A life
    // at least as long as the longest delay clears the record.
    milliseconds after_death(std::optional<milliseconds> ready_for);

  private:
    milliseconds initial_;
    milliseconds max_;
    std::function<double()> random_;
    unsigned short_lives_ = 0;  // in a row
};

}  // namespace corral
