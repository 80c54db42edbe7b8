#include "async/event.hpp"

namespace corral {

Event::Event(asio::any_io_executor executor, Clock& clock)
    : timer_(std::move(executor), asio::steady_timer::time_point::max()), clock_(clock) {}

void Event::notify() {
    notified_ = true;
    timer_.cancel();
}

awaitable<Event::Wake> Event::wait(TimePoint deadline, std::stop_token stop) {
    bool expired = false;
    std::unique_ptr<Alarm> alarm;
    if (deadline != never) {
        alarm = clock_.call_at(deadline, [this, &expired] {
            expired = true;
            timer_.cancel();
        });
    }
    std::stop_callback on_stop(stop, [this] { timer_.cancel(); });
    while (!notified_ && !expired && !stop.stop_requested()) {
        error_code cancelled;
        co_await timer_.async_wait(into(cancelled));
    }
    if (std::exchange(notified_, false)) co_return Wake::notified;
    co_return expired ? Wake::deadline : Wake::stopped;
}

}  // namespace corral
