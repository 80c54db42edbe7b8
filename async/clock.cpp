#include "async/clock.hpp"

namespace corral {
namespace {

class TimerAlarm final : public Alarm {
  public:
    TimerAlarm(const asio::any_io_executor& executor, TimePoint when, std::function<void()> action)
        : call_(std::make_shared<Call>(Call{{executor, when}, std::move(action)})) {
        call_->timer.async_wait([call = call_](error_code ec) {
            // An expired timer's handler may already be queued when the alarm is destroyed; the
            // emptied action is what tells it so.
            if (!ec && call->action) std::exchange(call->action, nullptr)();
        });
    }
    ~TimerAlarm() override {
        call_->action = nullptr;
        call_->timer.cancel();
    }

  private:
    struct Call {
        asio::steady_timer timer;
        std::function<void()> action;
    };
    std::shared_ptr<Call> call_;
};

}  // namespace

std::unique_ptr<Alarm> SystemClock::call_at(TimePoint when, std::function<void()> action) {
    return std::make_unique<TimerAlarm>(executor_, when, std::move(action));
}

}  // namespace corral
