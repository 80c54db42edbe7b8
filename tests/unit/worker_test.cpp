// The life of a worker: what it does with a child that is slow, dies, hangs or lies.
#include "supervisor/worker.hpp"

#include <csignal>

#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

TEST_CASE("a worker is starting until its sentinel comes back, then ready") {
    PoolWorld world(1);
    CHECK(world.state(0) == WorkerState::starting);
    CHECK_FALSE(world.pool.ready());
    world.process(0).become_ready();
    world.clock.settle();
    CHECK(world.state(0) == WorkerState::ready);
    CHECK(world.pool.ready());
}

TEST_CASE("a worker that does not become ready in time is killed and started again") {
    PoolWorld world(1);
    world.clock.advance(119s);
    CHECK(world.process(0).signals.empty());
    world.clock.advance(2s);
    CHECK(world.process(0).signals == std::vector<int>{SIGKILL});
    CHECK(world.pool.workers()[0].last_exit == "killed: not ready in time");
    CHECK(world.spawner.processes.size() == 2);
}

TEST_CASE("a death is noticed without any time passing, the first one after work costs no delay") {
    PoolWorld world(1);
    world.all_ready();
    world.process(0).die_of(SIGKILL);
    world.clock.settle();
    CHECK(world.spawner.processes.size() == 2);
    world.all_ready();
    CHECK(world.state(0) == WorkerState::ready);
    CHECK(world.pool.workers()[0].restarts == 1);
    CHECK(world.pool.workers()[0].last_exit == "signal 9 (Killed)");
}

TEST_CASE("a worker that dies at every start backs off, and tells its last words") {
    PoolWorld world(1);
    for (const auto delay : {250ms, 500ms, 1000ms, 2000ms}) {
        const std::size_t spawned = world.spawner.processes.size();
        world.spawner.last().write_error("0 E srv load_model: failed to load model\n");
        world.spawner.last().exit_with(1);
        world.clock.advance(delay - 1ms);
        CHECK(world.state(0) == WorkerState::backoff);
        CHECK(world.spawner.processes.size() == spawned);
        world.clock.advance(1ms);
        CHECK(world.spawner.processes.size() == spawned + 1);
    }
    CHECK(world.pool.workers()[0].last_exit == "exit code 1: srv load_model: failed to load model");
}

TEST_CASE("a program that cannot be run is tried again with backoff, and heals") {
    PoolWorld world(1);
    world.all_ready();
    world.spawner.refuse_with = "cannot run llama-cli: No such file or directory";
    world.process(0).exit_with(0);
    world.clock.advance(10min);
    CHECK(world.spawner.refused > 10);
    CHECK(world.spawner.refused < 40);
    CHECK(world.pool.workers()[0].last_exit == world.spawner.refuse_with);
    world.spawner.refuse_with.clear();
    world.clock.advance(30s);
    world.spawner.last().become_ready();
    world.clock.settle();
    CHECK(world.state(0) == WorkerState::ready);
}

TEST_CASE("an idle worker is checked, and replaced when it does not answer or answers wrongly") {
    PoolWorld world(1);
    world.all_ready();
    world.clock.advance(10s);
    CHECK(world.state(0) == WorkerState::checking);
    SUBCASE("it answers") {
        world.process(0).pass_health_check();
        world.clock.advance(5s);
        CHECK(world.state(0) == WorkerState::ready);
        CHECK(world.spawner.processes.size() == 1);
    }
    SUBCASE("it is silent") {
        world.clock.advance(1s);
        CHECK(world.process(0).signals == std::vector<int>{SIGKILL});
        CHECK(world.pool.workers()[0].last_exit == "killed: failed its health check");
        CHECK(world.spawner.processes.size() == 2);
    }
    SUBCASE("it lies") {
        world.process(0).write_output("I am fine, thank you.\n");
        world.clock.advance(1s);
        CHECK(world.process(0).signals == std::vector<int>{SIGKILL});
    }
    SUBCASE("a request that comes meanwhile is served right after") {
        Asked& asked = world.ask("Hi");
        CHECK(world.pool.queue().length == 1);
        world.process(0).pass_health_check();
        world.clock.settle();
        world.process(0).answer({"Hello"});
        world.clock.settle();
        CHECK(asked.sink.text == "Hello");
    }
}

TEST_CASE("output that nobody asked for is found at the next use") {
    PoolWorld world(1);
    world.all_ready();
    world.process(0).write_output("surprise");
    Asked& asked = world.ask("Hi");
    world.clock.advance(1s);
    CHECK(world.process(0).signals == std::vector<int>{SIGKILL});
    CHECK_FALSE(asked.done());  // it goes on to the next process
    world.spawner.last().become_ready();
    world.clock.settle();
    world.spawner.last().answer({"Hello"});
    world.clock.settle();
    CHECK(asked.sink.text == "Hello");
}

TEST_CASE("stopping ends an idle child with SIGTERM, a deaf one with SIGKILL") {
    std::vector<int> signals;
    {
        PoolWorld world(1);
        world.all_ready();
        FakeProcess& child = world.process(0);
        SUBCASE("polite") {
            world.tasks.spawn("stop", world.pool.stop());
            world.clock.settle();
            CHECK(child.signals == std::vector<int>{SIGTERM});
        }
        SUBCASE("deaf") {
            child.ignores_signals = true;
            world.tasks.spawn("stop", world.pool.stop());
            world.clock.advance(1s);
            CHECK(child.signals == std::vector<int>{SIGTERM});
            world.clock.advance(1s);
            CHECK(child.signals == std::vector<int>{SIGTERM, SIGKILL});
        }
        world.clock.settle();
        CHECK(world.state(0) == WorkerState::stopped);
    }
}
