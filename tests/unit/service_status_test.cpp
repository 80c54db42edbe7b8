// What the service manager hears, and when.
#include "supervisor/service_status.hpp"

#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

namespace {

struct ServiceWorld {
    explicit ServiceWorld(std::optional<std::chrono::microseconds> watchdog = std::nullopt,
                          bool manager = true)
        : status(world.io.get_executor(), world.clock,
                 [this] { return std::vector<Pool*>{&world.pool}; },
                 {manager ? [this](const std::string& text) { told.push_back(text); }
                          : std::function<void(const std::string&)>(),
                  watchdog}) {
        world.observer = [this](const Worker&) { status.note_change(); };
        tasks.spawn("status", status.run());
        world.clock.settle();
    }
    ~ServiceWorld() {
        status.stopping(0ms);
        status.finish();
        world.clock.settle();
        CHECK(tasks.size() == 0);
        world.observer = nullptr;
    }
    std::size_t count(const std::string& text) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            told, [&](const std::string& one) { return one.find(text) != one.npos; }));
    }
    // Plays the answer to the warm-up.
    void give_token(std::size_t process = 0) {
        CHECK(world.process(process).has_request("Hi"));
        world.process(process).answer({"Hello"});
        world.clock.settle();
    }
    void become_ready() {
        world.all_ready();
        give_token();
        CHECK(count("READY=1") == 1);
    }

    PoolWorld world{1};
    std::vector<std::string> told;
    ServiceStatus status;
    TaskGroup tasks{world.io.get_executor(), world.clock,
                    [](const std::string&, const std::string& what) { FAIL(what); }};
};

}  // namespace

TEST_CASE("ready is said after a token, not after a model is loaded") {
    ServiceWorld service;
    CHECK(service.count("STATUS=Loading: 0 ready, 0 busy, 0 queued, 1 not available") == 1);
    service.world.all_ready();
    service.world.clock.advance(5s);
    CHECK(service.count("READY=1") == 0);
    service.give_token();
    CHECK(service.count("READY=1\nSTATUS=") == 1);
    service.world.clock.advance(1s);
    CHECK(service.told.back() == "STATUS=1 ready, 0 busy, 0 queued");
}

TEST_CASE(
    "the first token counts; the rest is waited for a moment, so that short ones are not cut") {
    ServiceWorld service;
    service.world.all_ready();
    service.world.process(0).begin_answer("He");
    service.world.clock.settle();
    CHECK(service.count("READY=1") == 1);
    service.world.clock.advance(1s);
    CHECK(service.world.process(0).signals.empty());
    service.world.clock.advance(1s);
    CHECK(service.world.process(0).signals == std::vector<int>{SIGINT});
}

TEST_CASE("a worker that dies before its first token makes nothing ready") {
    ServiceWorld service;
    service.world.all_ready();
    service.world.process(0).exit_with(1);
    service.world.clock.advance(1s);
    CHECK(service.count("READY=1") == 0);
    service.world.all_ready();
    service.give_token(1);
    CHECK(service.count("READY=1") == 1);
}

TEST_CASE("clients that wait since before the models were loaded come after the first token") {
    ServiceWorld service;
    const Asked& early = service.world.ask("Rules?");
    service.world.all_ready();
    service.world.clock.settle();
    service.give_token();
    CHECK(service.count("READY=1") == 1);
    CHECK_FALSE(early.done());
    service.world.process(0).answer({"All", " of", " them"});
    service.world.clock.settle();
    CHECK(early.sink.text == "All of them");
}

TEST_CASE("a model that loads longer than requests may wait is asked all the same") {
    ServiceWorld service;
    service.world.clock.advance(110s);
    service.world.all_ready();
    service.give_token();
    CHECK(service.count("READY=1") == 1);
}

TEST_CASE("the watchdog is fed twice in its time, also at the end") {
    ServiceWorld service(10s);
    service.world.clock.advance(60s);
    CHECK(service.count("WATCHDOG=1") == 13);
    service.status.stopping(30s);
    service.world.clock.advance(20s);
    CHECK(service.count("WATCHDOG=1") == 17);
}

TEST_CASE("loading extends the time to start, dying again and again does not") {
    ServiceWorld service;
    service.world.clock.advance(60s);
    CHECK(service.count("EXTEND_TIMEOUT_USEC=30000000") == 13);
    service.world.clock.advance(10min);
    const std::size_t extended = service.count("EXTEND_TIMEOUT_USEC");
    service.world.clock.advance(10min);
    CHECK(service.count("EXTEND_TIMEOUT_USEC") == extended);
}

TEST_CASE("the status follows workers and queue, at most once a second") {
    ServiceWorld service;
    service.become_ready();
    service.world.clock.advance(2s);
    const std::size_t before = service.told.size();
    service.world.ask("Rules?");
    service.world.ask("Cards?");
    CHECK(service.told.size() == before + 1);
    service.world.clock.advance(1s);
    CHECK(service.told.back() == "STATUS=0 ready, 1 busy, 1 queued");
    for (int answer = 0; answer < 2; ++answer) {
        service.world.process(0).answer({"Hello"});
        service.world.clock.settle();
    }
    CHECK(service.told.back() == "STATUS=0 ready, 1 busy, 1 queued");
    service.world.clock.advance(1s);
    CHECK(service.told.back() == "STATUS=1 ready, 0 busy, 0 queued");
    const std::size_t after = service.told.size();
    service.world.clock.advance(5s);
    CHECK(service.told.size() == after);
}

TEST_CASE("a reload is told around, but makes nobody ready before the time") {
    ServiceWorld service;
    { const ServiceStatus::Reloading early(service.status); }
    CHECK(service.count("READY=1") + service.count("RELOADING=1") == 0);
    service.become_ready();
    {
        const ServiceStatus::Reloading reloading(service.status);
        CHECK(service.told.back().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    }
    CHECK(service.told.back() == "READY=1");
}

TEST_CASE("the end is told with the time it may take") {
    ServiceWorld service;
    service.become_ready();
    service.status.stopping(30s);
    CHECK(service.told.back() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=60000000");
}

TEST_CASE("without a manager no worker is asked") {
    ServiceWorld service(std::nullopt, false);
    service.world.all_ready();
    service.world.clock.advance(5s);
    CHECK(service.world.process(0).read_input().find("user") == std::string::npos);
    CHECK(service.told.empty());
}
