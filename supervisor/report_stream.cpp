#include "supervisor/report_stream.hpp"

#include "supervisor/chat_request.hpp"

namespace corral {
namespace {

using namespace std::chrono_literals;

constexpr auto pause = 250ms;         // between two events, at least
constexpr auto lively_interval = 1s;  // at most
constexpr auto quiet_interval = 5s;   // at most, when nothing happens; also tells the living
constexpr auto last_words = 500ms;    // for those who do not read
constexpr unsigned retry_after_seconds = 10;

ApiError refusal(const std::string& code, const std::string& text) {
    ApiError error(503, "server_error", code, text);
    error.retry_after_seconds = retry_after_seconds;
    return error;
}

}  // namespace

ReportStream::Watcher::Watcher(ReportStream& of, HttpExchange& to)
    : stream(of),
      exchange(to),
      changed(of.executor_, of.clock_),
      place(of.watchers_.insert(of.watchers_.end(), this)) {}

ReportStream::Watcher::~Watcher() {
    stream.watchers_.erase(place);
    if (stream.watchers_.empty()) stream.make_event_at(never);
}

ReportStream::ReportStream(asio::any_io_executor executor, Clock& clock,
                           std::function<Report()> make)
    : executor_(std::move(executor)), clock_(clock), make_(std::move(make)) {}

awaitable<void> ReportStream::watch(HttpExchange& exchange) {
    if (finished_) throw refusal("shutting_down", "corral is shutting down");
    if (watchers_.size() >= watchers_max)
        throw refusal(
            "too_many_watchers",
            std::to_string(watchers_max) + " clients watch already; GET /v1/pool still answers");
    Watcher self(*this, exchange);
    if (!event_ || clock_.now() - made_at_ >= pause) make_event();
    static const HttpResponse head{
        200, {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}}, ""};
    const std::stop_token stop = exchange.cancellation().token();
    bool there = co_await exchange.start_stream(head);
    std::shared_ptr<const std::string> sent;
    while (there && !finished_ && !stop.stop_requested()) {
        if (sent == event_) {
            co_await self.changed.wait(never, stop);
            continue;
        }
        sent = event_;
        there = co_await exchange.send(*sent);
    }
    if (there && !stop.stop_requested()) co_await exchange.end_stream();
}

void ReportStream::note_change() {
    if (!watchers_.empty() && made_at_ + pause < next_at_) make_event_at(made_at_ + pause);
}

// For all who watch.
void ReportStream::make_event() {
    const Report report = make_();
    event_ = std::make_shared<const std::string>("data: " + report.text + "\n\n");
    made_at_ = clock_.now();
    make_event_at(made_at_ +
                  (report.lively ? TimePoint::duration(lively_interval) : quiet_interval));
    for (Watcher* watcher : watchers_) watcher->changed.notify();
}

void ReportStream::make_event_at(TimePoint when) {
    next_at_ = when;
    next_ = when == never ? nullptr : clock_.call_at(when, [this] { make_event(); });
}

void ReportStream::finish() {
    finished_ = true;
    if (watchers_.empty()) return;
    for (Watcher* watcher : watchers_) watcher->changed.notify();
    next_at_ = never;
    next_ = clock_.call_at(clock_.now() + last_words, [this] {
        for (Watcher* watcher : watchers_) watcher->exchange.hang_up();
    });
}

}  // namespace corral
