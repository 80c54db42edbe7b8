// Why one request ends early, and the stop token that carries the news to whatever it waits for.
// One per request, owned by the coroutine that serves it; the first reason wins. A deadline can be
// attached.
#pragma once

#include <optional>
#include <stop_token>

#include "async/clock.hpp"

namespace corral {

enum class CancelReason { client_gone, deadline, shutdown };

class Cancellation {
  public:
    void cancel(CancelReason reason) {
        if (reason_) return;
        reason_ = reason;
        source_.request_stop();
    }
    // Cancels at `when` unless this object is gone by then.
    void cancel_at(Clock& clock, TimePoint when) {
        alarm_ = clock.call_at(when, [this] { cancel(CancelReason::deadline); });
    }
    std::optional<CancelReason> reason() const { return reason_; }
    std::stop_token token() const { return source_.get_token(); }

  private:
    std::stop_source source_;
    std::optional<CancelReason> reason_;
    std::unique_ptr<Alarm> alarm_;
};

}  // namespace corral
