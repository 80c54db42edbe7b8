// A wake-up call for one waiting coroutine: notify() is remembered until a wait takes it, so
// nothing is missed between looking at a condition and waiting for it to change. Owned by whatever
// the condition belongs to; must outlive its waiter.
#pragma once

#include <stop_token>

#include "async/asio.hpp"
#include "async/clock.hpp"

namespace corral {

class Event {
  public:
    enum class Wake { notified, deadline, stopped };

    Event(asio::any_io_executor executor, Clock& clock);

    // May be called from anywhere in the event loop, also from destructors; never resumes the
    // waiter directly.
    void notify();

    // Returns at the first of: a notification (which it takes), `deadline`, a stop. One waiter at a
    // time.
    awaitable<Wake> wait(TimePoint deadline = never, std::stop_token stop = {});

  private:
    asio::steady_timer timer_;  // never expires: cancelling it is the signal
    Clock& clock_;
    bool notified_ = false;
};

}  // namespace corral
