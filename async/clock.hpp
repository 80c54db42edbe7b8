// Time as a dependency, so that tests advance it by hand: what the time is, and a call at a later
// time. Owned by the composition root (SystemClock) or by a test (ManualClock); used from the
// io_context's thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "async/asio.hpp"

namespace corral {

using TimePoint = std::chrono::steady_clock::time_point;
constexpr TimePoint never = TimePoint::max();

// A call that is due once. Destroying it takes the call back; the call never runs afterwards.
class Alarm {
  public:
    virtual ~Alarm() = default;
};

class Clock {
  public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;
    // Calls `action` from the event loop at `when` or soon after; never from inside call_at.
    [[nodiscard]] virtual std::unique_ptr<Alarm> call_at(TimePoint when,
                                                         std::function<void()> action) = 0;
};

class SystemClock final : public Clock {
  public:
    explicit SystemClock(asio::any_io_executor executor) : executor_(std::move(executor)) {}
    TimePoint now() const override { return std::chrono::steady_clock::now(); }
    std::unique_ptr<Alarm> call_at(TimePoint when, std::function<void()> action) override;

  private:
    asio::any_io_executor executor_;
};

}  // namespace corral
