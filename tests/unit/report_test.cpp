// What GET /v1/pool tells of the past, of deaths and of memory.
#include <boost/json.hpp>
#include <csignal>

#include "supervisor/memory_layout.hpp"
#include "supervisor/report_parts.hpp"
#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

namespace {

struct ReportWorld : PoolWorld {
    using PoolWorld::PoolWorld;
    boost::json::object history() { return report::history(pool.metrics(), clock.now()); }
    boost::json::array deaths() { return report::deaths(pool.deaths(), clock.now()); }
};

TimePoint at(std::chrono::nanoseconds since) {
    return TimePoint(since);
}

}  // namespace

TEST_CASE("the past in pieces, the oldest first") {
    RecentFigures recent;
    recent.now(at(1000s)).answered = 1;
    recent.now(at(1010s)).answered = 2;  // the same piece of 20 s
    recent.now(at(1020s)).answered = 4;
    const auto [pieces, under_way] = recent.in_pieces(at(1025s));
    CHECK(pieces.size() == 45);
    CHECK(pieces[44].answered == 4);
    CHECK(pieces[43].answered == 3);
    CHECK(pieces[42].answered == 0);
    CHECK(under_way == 5s);
    // At the far end it falls out whole.
    CHECK(recent.in_pieces(at(1000s + 44 * 20s + 19s)).first.front().answered == 3);
    CHECK(recent.in_pieces(at(1000s + 45 * 20s)).first.front().answered == 4);
    CHECK(recent.in_pieces(at(2000s)).first.front().answered == 0);
}

TEST_CASE("an answer shows in the history when it is there") {
    ReportWorld world(1);
    world.all_ready();
    CHECK(world.history().at("tokens_per_second").as_array().size() == 45);
    CHECK(world.history().at("duration_p95").as_array().back().is_null());
    world.ask("hello");
    FakeProcess& child = world.process(0);
    world.clock.advance(2s);
    child.begin_answer("one");
    world.clock.settle();
    const boost::json::object history = world.history();
    CHECK(history.at("first_token_p50").as_array().back().as_double() > 1);
    CHECK(history.at("tokens_per_second").as_array().back().as_double() > 0);
    CHECK(history.at("answered").as_array().back() == 0);
}

TEST_CASE("deaths that nobody decided, the newest first and not without end") {
    RecentDeaths deaths;
    for (int i = 0; i < 12; ++i)
        deaths.note({at(std::chrono::seconds(i)), "w", RestartCause::crashed, std::to_string(i)});
    for (const auto ours :
         {RestartCause::recycled, RestartCause::reconfigured, RestartCause::interrupted})
        deaths.note({at(20s), "w", ours, "ours"});
    CHECK(deaths.newest_first().size() == RecentDeaths::most);
    CHECK(deaths.newest_first().front().text == "11");
    CHECK(deaths.newest_first().back().text == "2");
}

TEST_CASE("a killed worker is in the report of its pool") {
    ReportWorld world(2);
    world.all_ready();
    CHECK(world.deaths().empty());
    world.process(1).die_of(SIGKILL);
    world.clock.advance(3s);
    const boost::json::array deaths = world.deaths();
    REQUIRE(deaths.size() == 1);
    const boost::json::object& death = deaths[0].as_object();
    CHECK(death.at("worker") == "w2");
    CHECK(death.at("cause") == "killed");
    CHECK(death.at("seconds_ago").as_int64() >= 2);
    CHECK(std::string(death.at("text").as_string()).starts_with("signal 9"));
}

TEST_CASE("the parts of the memory add up") {
    const auto layout = [](std::uint64_t total, std::uint64_t available, std::uint64_t weights,
                           std::uint64_t own) {
        const MemoryLayout made = memory_layout({total, available, weights, own});
        return std::pair(made.other, made.free);
    };
    // 30 are taken, 10 of them by workers; 20 of the available 70 are weights that are mapped.
    CHECK(layout(100, 70, 20, 10) == std::pair<std::uint64_t, std::uint64_t>(20, 50));
    CHECK(layout(100, 100, 0, 0) == std::pair<std::uint64_t, std::uint64_t>(0, 100));
    // Figures of different moments do not make negative ones.
    CHECK(layout(100, 95, 20, 10) == std::pair<std::uint64_t, std::uint64_t>(0, 70));
    CHECK(layout(100, 0, 20, 10) == std::pair<std::uint64_t, std::uint64_t>(90, 0));
    CHECK(layout(100, 200, 0, 0) == std::pair<std::uint64_t, std::uint64_t>(0, 100));
}

TEST_CASE("a health check does not interrupt being ready") {
    PoolWorld world(1);
    world.all_ready();
    const TimePoint since = world.pool.workers()[0].state_since;
    world.clock.advance(10s);
    CHECK(world.state(0) == WorkerState::checking);
    world.process(0).pass_health_check();
    world.clock.settle();
    CHECK(world.state(0) == WorkerState::ready);
    CHECK(world.pool.workers()[0].state_since == since);
}
