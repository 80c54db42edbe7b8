// GET /v1/pool/events: the report on the pools as server-sent events, to everybody who watches. One
// report is made for all of them: when something changed, every second while anything is going on,
// and now and then otherwise; none while nobody watches. Whoever reads slowly misses states, and
// keeps nobody waiting. Owned by the API.
#pragma once

#include <list>

#include "async/event.hpp"
#include "ipc/http.hpp"

namespace corral {

class ReportStream {
  public:
    static constexpr std::size_t watchers_max = 16;

    struct Report {
        std::string text;  // one line
        bool lively;       // figures move that nobody tells of
    };

    ReportStream(asio::any_io_executor executor, Clock& clock, std::function<Report()> make);

    // Sends events until the client leaves, its exchange is cancelled or finish() is called. Throws
    // ApiError (503) when there are too many watchers, or after finish().
    awaitable<void> watch(HttpExchange& exchange);
    // Something is different from the last report.
    void note_change();
    // No more events: every stream ends now, and after a moment also to those who do not read.
    void finish();

  private:
    struct Watcher {
        Watcher(ReportStream& stream, HttpExchange& exchange);
        ~Watcher();
        ReportStream& stream;
        HttpExchange& exchange;
        Event changed;
        std::list<Watcher*>::iterator place;
    };

    void make_event();
    void make_event_at(TimePoint when);

    asio::any_io_executor executor_;
    Clock& clock_;
    std::function<Report()> make_;
    std::list<Watcher*> watchers_;
    std::shared_ptr<const std::string> event_;
    TimePoint made_at_;
    TimePoint next_at_ = never;
    std::unique_ptr<Alarm> next_;
    bool finished_ = false;
};

}  // namespace corral
