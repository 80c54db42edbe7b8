// The report as a stream: when one is made, who gets it, how it ends.
#include "supervisor/report_stream.hpp"

#include <doctest/doctest.h>

#include "async/task_group.hpp"
#include "supervisor/chat_request.hpp"
#include "tests/support/manual_clock.hpp"

using namespace corral;
using namespace corral::test;
using namespace std::chrono_literals;

namespace {

// A client that takes what is sent, unless it holds still.
class WatchingClient final : public HttpExchange {
  public:
    WatchingClient(asio::io_context& io, Clock& clock) : reads_(io.get_executor(), clock) {}

    const HttpRequest& request() const override { return request_; }
    const Peer& peer() const override { return peer_; }
    void add_header(const std::string&, const std::string&) override {}
    Cancellation& cancellation() override { return cancellation_; }
    awaitable<bool> respond(const HttpResponse&) override { co_return false; }
    awaitable<bool> start_stream(const HttpResponse& response) override {
        head = response;
        co_return true;
    }
    awaitable<bool> send(std::string_view bytes) override {
        const std::string taken(bytes);
        while (still && !hung_up) co_await reads_.wait();
        if (!hung_up) events.push_back(taken);
        co_return !hung_up;
    }
    awaitable<bool> end_stream() override {
        ended = true;
        co_return true;
    }
    void hang_up() override {
        hung_up = true;
        reads_.notify();
    }
    void hold() { still = true; }
    void read_on() {
        still = false;
        reads_.notify();
    }

    HttpResponse head;
    std::vector<std::string> events;
    bool ended = false;
    bool hung_up = false;
    bool still = false;
    std::optional<ApiError> refused;

  private:
    HttpRequest request_;
    Peer peer_;
    Cancellation cancellation_;
    Event reads_;
};

struct StreamWorld {
    ~StreamWorld() {
        for (const auto& client : clients) client->cancellation().cancel(CancelReason::client_gone);
        for (const auto& client : clients) client->hang_up();
        clock.settle();
        CHECK(tasks.size() == 0);
    }
    WatchingClient& watch() {
        clients.push_back(std::make_unique<WatchingClient>(io, clock));
        tasks.spawn("watch", serve(*clients.back()));
        clock.settle();
        return *clients.back();
    }
    awaitable<void> serve(WatchingClient& client) {
        try {
            co_await stream.watch(client);
        } catch (const ApiError& error) {
            client.refused = error;
        }
    }
    void change() {
        stream.note_change();
        clock.advance(1ms);
    }

    asio::io_context io{1};
    ManualClock clock{io};
    int made = 0;
    bool lively = false;
    ReportStream stream{io.get_executor(), clock, [this] {
                            return ReportStream::Report{std::to_string(++made), lively};
                        }};
    std::vector<std::unique_ptr<WatchingClient>> clients;
    TaskGroup tasks{io.get_executor(), clock, [](const std::string& task, const std::string& what) {
                        FAIL(task << ": " << what);
                    }};
};

using Events = std::vector<std::string>;

}  // namespace

TEST_CASE("nobody watches: no report is made") {
    StreamWorld world;
    world.lively = true;
    world.change();
    world.clock.advance(1min);
    CHECK(world.made == 0);
    WatchingClient& client = world.watch();
    CHECK(client.events == Events{"data: 1\n\n"});
    CHECK(client.head.headers.at("Content-Type") == "text/event-stream");
    client.cancellation().cancel(CancelReason::client_gone);
    world.clock.advance(1min);
    CHECK(world.made == 1);
    CHECK_FALSE(client.ended);
}

TEST_CASE("one report serves everybody") {
    StreamWorld world;
    const WatchingClient& first = world.watch();
    const WatchingClient& second = world.watch();
    CHECK(world.made == 1);
    world.clock.advance(1s);
    world.change();
    CHECK(first.events == Events{"data: 1\n\n", "data: 2\n\n"});
    CHECK(second.events == first.events);
}

TEST_CASE("changes are told at once, but not more often than four times a second") {
    StreamWorld world;
    const WatchingClient& client = world.watch();
    for (int i = 0; i < 100; ++i) {
        world.change();
        world.clock.advance(9ms);
    }
    CHECK(world.made >= 4);
    CHECK(world.made <= 5);
    world.clock.advance(250ms);
    const int before = world.made;
    world.clock.advance(500ms);
    CHECK(world.made == before);  // the last change was told
    CHECK(client.events.size() == static_cast<std::size_t>(before));
}

TEST_CASE("without a change: every second while anything moves, now and then otherwise") {
    StreamWorld world;
    world.watch();
    world.clock.advance(4s);
    CHECK(world.made == 1);
    world.lively = true;
    world.clock.advance(1s);
    CHECK(world.made == 2);
    for (int i = 0; i < 3; ++i) world.clock.advance(1s);
    CHECK(world.made == 5);
}

TEST_CASE("who reads slowly misses states, and delays nobody") {
    StreamWorld world;
    WatchingClient& slow = world.watch();
    const WatchingClient& quick = world.watch();
    slow.hold();
    for (int i = 0; i < 5; ++i) {
        world.clock.advance(1s);
        world.change();
    }
    CHECK(quick.events.size() == 6);
    CHECK(slow.events.size() == 1);
    slow.read_on();
    world.clock.settle();
    CHECK(slow.events == Events{"data: 1\n\n", "data: 2\n\n", "data: 6\n\n"});
}

TEST_CASE("there is a limit to watchers, and a place is free again") {
    StreamWorld world;
    for (std::size_t i = 0; i < ReportStream::watchers_max; ++i) CHECK_FALSE(world.watch().refused);
    const WatchingClient& refused = world.watch();
    REQUIRE(refused.refused);
    CHECK(refused.refused->status == 503);
    CHECK(refused.refused->code == "too_many_watchers");
    CHECK(refused.refused->retry_after_seconds > 0);
    world.clients.front()->cancellation().cancel(CancelReason::client_gone);
    world.clock.settle();
    CHECK(world.watch().events.size() == 1);
}

TEST_CASE("the end: at once for those who read, soon for those who do not") {
    StreamWorld world;
    WatchingClient& slow = world.watch();
    const WatchingClient& quick = world.watch();
    slow.hold();
    world.clock.advance(1s);
    world.change();
    world.stream.finish();
    world.clock.settle();
    CHECK(quick.ended);
    CHECK(world.tasks.size() == 1);
    world.clock.advance(500ms);
    CHECK(slow.hung_up);
    CHECK(world.tasks.size() == 0);
    CHECK(world.watch().refused->code == "shutting_down");
}
