// The life of a worker: what it does with a child that is slow, dies, hangs or lies.
#include "supervisor/worker.hpp"

#include <csignal>

#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

TEST_CASE("a worker is starting until its sentinel comes back, then ready") {
    PoolWorld world(1);
    CHECK(world.state(0) == WorkerState::starting);
    CHECK_FALSE(world.pool.loaded());
    world.process(0).become_ready();
    world.clock.settle();
    CHECK(world.state(0) == WorkerState::ready);
    CHECK(world.pool.loaded());
}

TEST_CASE("a worker that does not become ready in time is killed and started again") {
    PoolWorld world(1);
    world.clock.advance(119s);
    CHECK(world.process(0).signals.empty());
    world.clock.advance(2s);
    CHECK(world.process(0).signals == std::vector<int>{SIGKILL});
    CHECK(world.pool.workers()[0].last_exit == "killed: not ready within timeouts.start");
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
    for (const auto delay : {250ms, 500ms}) {
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

TEST_CASE("a busy worker that neither writes nor computes is replaced, and its request goes on") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Hi");
    FakeProcess& child = world.process(0);
    SUBCASE("hung from the start") {
        world.clock.advance(19s);
        CHECK(child.signals.empty());
        world.clock.advance(2s);
    }
    SUBCASE("hung after half an hour of computing") {
        for (int second = 0; second < 1800; ++second) {
            child.cpu += 10ms;
            world.clock.advance(1s);
        }
        CHECK(child.signals.empty());
        world.clock.advance(25s);
    }
    SUBCASE("hung after an hour in which it could not be looked at") {
        child.cpu_known = false;
        world.clock.advance(1h);
        CHECK(child.signals.empty());
        child.cpu_known = true;
        world.clock.advance(21s);
    }
    SUBCASE("hung after its first word") {
        child.begin_answer("one");
        world.clock.advance(21s);
    }
    CHECK(child.signals == std::vector<int>{SIGKILL});
    CHECK(world.pool.workers()[0].last_exit ==
          "killed: it neither wrote nor used CPU time for timeouts.stall");
    CHECK_FALSE(asked.done());
    world.all_ready();
    world.spawner.last().answer({"one", " two"});
    world.clock.settle();
    CHECK(asked.sink.text == "one two");
}

TEST_CASE(
    "a worker that computes its prompt is given as long to hear an interruption as it took to "
    "load") {
    PoolWorld world(1);
    world.clock.advance(30s);
    world.all_ready();
    Asked& gone = world.ask("long text");
    world.clock.settle();
    gone.cancellation.cancel(CancelReason::client_gone);
    FakeProcess& child = world.process(0);
    for (int i = 0; i < 31; ++i) {
        child.cpu += 1s;
        world.clock.advance(1s);
    }
    CHECK(child.signals == std::vector<int>{SIGINT});
    CHECK(world.state(0) == WorkerState::recovering);
    SUBCASE("it hears it") {
        const std::string nonce = child.take_nonce();
        child.write_output("Chat history cleared.\n\n> ");
        child.finish(nonce, 1);
        world.clock.settle();
        child.pass_health_check();
        world.clock.settle();
        CHECK(world.state(0) == WorkerState::ready);
    }
    SUBCASE("it does not") {
        child.cpu += 1s;
        world.clock.advance(1s);
        CHECK(child.signals == std::vector<int>{SIGINT, SIGKILL});
    }
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
