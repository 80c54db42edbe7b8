// Workers that are replaced though nothing is wrong with them: recycled, or because their
// configuration changed.
#include <csignal>

#include "supervisor/retirement.hpp"
#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

namespace {

constexpr std::uint64_t mib = 1024 * 1024;

void answer_one(PoolWorld& world) {
    Asked& asked = world.ask("Hi");
    for (const auto& process : world.spawner.processes)
        if (!process->status && process->has_request("Hi")) process->answer({"Hello"});
    world.clock.settle();
    CHECK(asked.done());
}

}  // namespace

TEST_CASE("a process is due by requests, memory or age, and never without limits") {
    const ProcessAge old{100, 24h, 1000 * mib};
    CHECK(retirement_due({}, old, 0).empty());
    CHECK(retirement_due({.max_requests = 100}, {99, 0s, 0}, 0).empty());
    CHECK(retirement_due({.max_requests = 100}, old, 0) == "it answered 100 requests");
    CHECK(retirement_due({.memory_limit_mib = 1000}, old, 0).empty());
    CHECK_FALSE(retirement_due({.memory_limit_mib = 999}, old, 0).empty());
    CHECK(retirement_due({.max_age = 24h}, old, 0) == "it is 86400 s old");
    CHECK(retirement_due({.max_age = 25h}, old, 0).empty());
}

TEST_CASE("the limits of requests and age are spread, so that not all come due together") {
    CHECK(retirement_due({.max_requests = 100}, {80, 0s, 0}, 0.99).empty());
    CHECK_FALSE(retirement_due({.max_requests = 100}, {81, 0s, 0}, 0.99).empty());
    CHECK_FALSE(retirement_due({.max_age = 100s}, {0, 81s, 0}, 0.99).empty());
}

TEST_CASE("a worker is recycled between two requests, and that is no death") {
    PoolWorld world(2, {}, {.max_requests = 3});
    world.all_ready();
    for (int i = 0; i < 3; ++i) answer_one(world);
    CHECK(world.process(0).signals == std::vector<int>{SIGTERM});
    CHECK(world.pool.workers()[0].last_exit == "replaced: it answered 3 requests");
    CHECK(world.spawner.processes.size() == 3);
    for (int i = 0; i < 3; ++i) answer_one(world);
    CHECK(world.process(1).signals.empty());  // not before the other one is back
    CHECK(world.pool.loaded());
    world.process(2).become_ready();
    world.clock.settle();
    for (int i = 0; i < 6; ++i) {
        answer_one(world);
        world.all_ready();
    }
    CHECK(world.pool.failing().empty());
    CHECK(world.process(1).signals.size() <= 1);
}

TEST_CASE("a pool of one is recycled all the same") {
    PoolWorld world(1, {}, {.max_requests = 1});
    world.all_ready();
    answer_one(world);
    CHECK(world.spawner.processes.size() == 2);
}

TEST_CASE("another command line replaces the workers one at a time, when they are idle") {
    PoolWorld world(3);
    world.all_ready();
    Asked& running = world.ask("long");
    for (const auto& worker : world.pool.each()) worker->reconfigure(world.parts("new-llama-cli"));
    world.clock.settle();
    CHECK(world.process(0).signals.empty());
    CHECK(world.process(1).signals == std::vector<int>{SIGTERM});
    CHECK(world.process(2).signals.empty());
    REQUIRE(world.spawner.processes.size() == 4);
    CHECK(world.process(3).command.program == "new-llama-cli");
    world.process(3).become_ready();
    world.clock.settle();
    CHECK(world.process(2).signals == std::vector<int>{SIGTERM});
    world.process(4).become_ready();
    world.clock.settle();
    CHECK_FALSE(running.done());
    world.process(0).answer({"whole"});
    world.clock.settle();
    CHECK(running.sink.text == "whole");
    CHECK(world.process(0).signals == std::vector<int>{SIGTERM});
    CHECK(world.spawner.processes.size() == 6);
}

TEST_CASE("the same command line replaces nothing, also after a change that was taken back") {
    PoolWorld world(1);
    world.all_ready();
    Asked& running = world.ask("Hi");
    world.pool.each()[0]->reconfigure(world.parts("new-llama-cli"));
    world.pool.each()[0]->reconfigure(world.parts("llama-cli"));
    world.process(0).answer({"Hello"});
    world.clock.advance(1s);
    CHECK(running.done());
    CHECK(world.process(0).signals.empty());
    CHECK(world.spawner.processes.size() == 1);
}

TEST_CASE("a worker that is let go ends after its answer; a pool without requests is drained") {
    PoolWorld world(1);
    world.all_ready();
    Asked& running = world.ask("Hi");
    bool drained = false;
    world.pool.release_last();
    world.tasks.spawn("drain", [](PoolWorld& w, bool& done) -> awaitable<void> {
        co_await w.pool.drain();
        done = true;
    }(world, drained));
    world.clock.settle();
    CHECK_FALSE(drained);
    CHECK(world.process(0).signals.empty());
    world.process(0).answer({"Hello"});
    world.clock.settle();
    CHECK(running.sink.text == "Hello");
    CHECK(drained);
    CHECK(world.process(0).signals == std::vector<int>{SIGTERM});
    CHECK(world.pool.workers().empty());
}
