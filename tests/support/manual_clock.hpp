// Time that only a test moves. advance() runs what falls due in the order of its deadlines and lets
// the event loop settle after each, so that hours of backoff take no time and come out the same in
// every run.
#pragma once

#include <map>

#include "async/clock.hpp"

namespace corral::test {

class ManualClock final : public Clock {
  public:
    explicit ManualClock(asio::io_context& io) : io_(io) {}

    TimePoint now() const override { return now_; }
    std::unique_ptr<Alarm> call_at(TimePoint when, std::function<void()> action) override {
        return std::make_unique<Entry>(*this, when, std::move(action));
    }

    // Runs every handler that is ready, time standing still.
    void settle() {
        io_.restart();
        while (io_.poll() > 0) io_.restart();
    }
    void advance(std::chrono::milliseconds duration) {
        const TimePoint end = now_ + duration;
        settle();
        while (!due_.empty() && due_.begin()->first <= end) {
            now_ = std::max(now_, due_.begin()->first);
            const auto action = std::move(due_.begin()->second->action);
            due_.begin()->second->queued = false;
            due_.erase(due_.begin());
            action();
            settle();
        }
        now_ = end;
        settle();
    }

  private:
    struct Entry final : Alarm {
        Entry(ManualClock& owner, TimePoint when, std::function<void()> call)
            : clock(owner), action(std::move(call)), place(owner.due_.emplace(when, this)) {}
        ~Entry() override {
            if (queued) clock.due_.erase(place);
        }
        ManualClock& clock;
        std::function<void()> action;
        bool queued = true;
        std::multimap<TimePoint, Entry*>::iterator place;
    };

    asio::io_context& io_;
    TimePoint now_{std::chrono::hours(1)};
    std::multimap<TimePoint, Entry*> due_;
};

}  // namespace corral::test
