// A stop token that stops at a deadline, and earlier when a parent token does: what bounds a wait
// of the ipc layer. Lives on the waiting coroutine's stack.
#pragma once

#include <functional>
#include <stop_token>

#include "async/clock.hpp"

namespace corral {

class DeadlineStop {
  public:
    DeadlineStop(Clock& clock, TimePoint deadline, std::stop_token parent = {})
        : alarm_(clock.call_at(deadline, [this] { source_.request_stop(); })),
          on_parent_(std::move(parent), [this] { source_.request_stop(); }) {}
    std::stop_token token() const { return source_.get_token(); }

  private:
    std::stop_source source_;
    std::unique_ptr<Alarm> alarm_;
    std::stop_callback<std::function<void()>> on_parent_;
};

}  // namespace corral
