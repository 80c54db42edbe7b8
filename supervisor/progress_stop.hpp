// Bounds a wait for a worker by its progress instead of by the clock: the wait is stopped once the
// process has used no CPU time for `patience`. A process that computes for half an hour before its
// first word is alive; a wedged or stopped one is not, however young its wait. Lives on the waiting
// coroutine's stack, one for each wait, so that output (which ends the wait) is progress, too.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "async/clock.hpp"
#include "ipc/child.hpp"

namespace corral {

class ProgressStop {
  public:
    // Also stopped by `parent`, and at `at_the_latest` whatever the process does.
    ProgressStop(Clock& clock, const Child& child, std::chrono::milliseconds patience,
                 std::stop_token parent, TimePoint at_the_latest = never);

    std::stop_token token() const { return source_.get_token(); }
    bool stalled() const { return stalled_; }  // why token() was stopped

  private:
    void look_later();
    void look();

    Clock& clock_;
    const Child& child_;
    std::chrono::milliseconds patience_;
    TimePoint at_the_latest_;
    TimePoint progressed_at_;
    std::optional<std::chrono::milliseconds>
        cpu_;  // at progressed_at_; not asked for in short waits
    bool stalled_ = false;
    std::stop_source source_;
    std::unique_ptr<Alarm> alarm_;
    std::stop_callback<std::function<void()>> on_parent_;
};

}  // namespace corral
