// The way of requests through the queue and the workers, with children that misbehave on the way.
#include "supervisor/pool.hpp"

#include <csignal>

#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

TEST_CASE("a request is answered, with the engine's own token counts") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Hi");
    CHECK(world.state(0) == WorkerState::busy);
    world.process(0).answer({"Hel", "lo"});
    world.clock.settle();
    REQUIRE(asked.end);
    CHECK(asked.sink.text == "Hello");
    CHECK(asked.end->finish.reason == Finish::Reason::stop);
    CHECK(asked.end->finish.usage.prompt_tokens == 5);
    CHECK(asked.end->finish.usage.cached_tokens == 2);
    CHECK(asked.end->finish.usage.completion_tokens == 3);
    CHECK(world.state(0) == WorkerState::ready);
}

TEST_CASE("requests that wait are served in order, and none waits while a worker idles") {
    PoolWorld world(2);
    Asked& first = world.ask("1");
    Asked& second = world.ask("2");
    Asked& third = world.ask("3");
    CHECK(world.pool.queue().length == 3);
    world.process(0).become_ready();
    world.clock.settle();
    CHECK(world.pool.queue().length == 2);
    world.process(0).answer({"one"});
    world.clock.settle();
    CHECK(first.sink.text == "one");
    world.process(0).answer({"two"});
    world.process(1).become_ready();
    world.clock.settle();
    CHECK(second.sink.text == "two");
    CHECK(world.pool.queue().length == 0);
    world.process(1).answer({"three"});
    world.clock.settle();
    CHECK(third.sink.text == "three");
}

TEST_CASE("a full queue refuses with an estimate from the measured service time") {
    PoolWorld world(1, {.limit = 2, .timeout = 60s});
    world.all_ready();
    Asked& slow = world.ask("slow");
    world.clock.advance(3s);
    world.process(0).answer({"."});
    world.clock.settle();
    REQUIRE(slow.end);
    world.ask("a");
    world.ask("b");
    world.ask("c");
    Asked& refused = world.ask("d");
    REQUIRE(refused.error);
    CHECK(refused.error->status == 429);
    CHECK(refused.error->retry_after_seconds == 9);  // three ahead of it, 3 s each
    CHECK(world.pool.queue().length == 2);
}

TEST_CASE("a request that waits for longer than queue.timeout is refused, the others stay") {
    PoolWorld world(1, {.limit = 64, .timeout = 60s});
    Asked& first = world.ask("a");
    world.clock.advance(30s);
    Asked& second = world.ask("b");
    world.clock.advance(30s);
    REQUIRE(first.error);
    CHECK(first.error->status == 503);
    CHECK(first.error->code == "queue_timeout");
    CHECK_FALSE(second.done());
    CHECK(world.pool.queue().length == 1);
}

TEST_CASE("a client that leaves the queue never costs a worker anything") {
    PoolWorld world(1);
    Asked& gone = world.ask("a");
    Asked& waits = world.ask("b");
    gone.cancellation.cancel(CancelReason::client_gone);
    world.clock.settle();
    CHECK(gone.done());
    CHECK(world.pool.queue().length == 1);
    world.all_ready();
    world.process(0).answer({"for b"});
    world.clock.settle();
    CHECK(waits.sink.text == "for b");
}

TEST_CASE("a client that leaves while it is answered has its worker interrupted and reused") {
    PoolWorld world(1);
    world.all_ready();
    Asked& gone = world.ask("long");
    world.process(0).begin_answer("once");
    world.clock.settle();
    gone.cancellation.cancel(CancelReason::client_gone);
    world.clock.settle();
    CHECK(gone.done());
    CHECK(world.state(0) == WorkerState::recovering);
    CHECK(world.process(0).signals == std::vector<int>{SIGINT});
    SUBCASE("it stops") {
        world.process(0).finish(world.process(0).open_nonce, 2);
        world.clock.settle();
        world.process(0).pass_health_check();
        world.clock.settle();
        CHECK(world.state(0) == WorkerState::ready);
        CHECK(world.spawner.processes.size() == 1);
    }
    SUBCASE("the SIGINT came too late and ends it: no crash, no delay") {
        world.process(0).exit_with(0);
        world.clock.settle();
        CHECK(world.spawner.processes.size() == 2);
        CHECK(world.state(0) == WorkerState::starting);
    }
    SUBCASE("it goes on: killed after timeouts.cancel") {
        world.clock.advance(2s);
        CHECK(world.process(0).signals == std::vector<int>{SIGINT, SIGKILL});
        CHECK(world.pool.workers()[0].last_exit == "killed: did not stop answering in time");
        CHECK(world.spawner.processes.size() == 2);
    }
}

TEST_CASE("an answer that ended by itself is not interrupted") {
    PoolWorld world(1);
    world.all_ready();
    Asked& cut = world.ask("Count", 1);
    world.process(0).answer({"1", " 2"});
    world.clock.settle();
    REQUIRE(cut.end);
    CHECK(cut.sink.text == "1");
    CHECK(cut.end->finish.reason == Finish::Reason::length);
    CHECK(cut.end->finish.usage.completion_tokens == 1);
    CHECK(world.process(0).signals.empty());
    world.process(0).pass_health_check();
    world.clock.settle();
    CHECK(world.state(0) == WorkerState::ready);
}

TEST_CASE("an error of the engine is told as one, and the worker goes on") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("long text");
    FakeProcess& child = world.process(0);
    const std::string nonce = child.take_nonce();
    child.write_error(
        "0 I slot launch_slot_: id  0 | task 0 | processing task\n"
        "0 E srv send_error: task id = 0, error: request (620 tokens) exceeds\n"
        "0 I slot release: id  0 | task 0 | stop processing: n_tokens = 0\n");
    child.write_output("Chat history cleared.\n\n> ");
    child.write_output("Error: request (620 tokens) exceeds the available context size (256)\n");
    child.write_output("\n> " + sentinel_echo(nonce));
    world.clock.settle();
    REQUIRE(asked.error);
    CHECK(asked.error->status == 400);
    CHECK(asked.error->code == "context_length_exceeded");
    CHECK(std::string(asked.error->what()) ==
          "request (620 tokens) exceeds the available context size (256)");
    CHECK(world.state(0) == WorkerState::ready);
}

TEST_CASE("an answer that only looks like an error is an answer") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Say Error: no");
    world.process(0).answer({"Error: no"});
    world.clock.settle();
    REQUIRE(asked.end);
    CHECK(asked.sink.text == "Error: no");
}

TEST_CASE("a log that tells nothing makes figures unknown and no request fail") {
    PoolWorld world(1);
    world.all_ready();
    for (int i = 0; i < 5; ++i) {
        Asked& asked = world.ask("Hi");
        const std::string nonce = world.process(0).take_nonce();
        world.process(0).write_output("Chat history cleared.\n\n> ");
        world.process(0).write_output("Hello");
        world.process(0).write_output("\n\n> " + sentinel_echo(nonce));
        world.clock.settle();
        CHECK(asked.done() == (i >= 3));  // after three it is not waited for any more
        world.clock.advance(1s);
        REQUIRE(asked.end);
        CHECK(asked.sink.text == "Hello");
        CHECK_FALSE(asked.end->finish.usage.prompt_tokens);
        CHECK(asked.end->finish.usage.completion_tokens == 1);
    }
}

TEST_CASE("the request's deadline covers queue and answer") {
    PoolWorld world(1);
    Asked& asked = world.ask("a");
    asked.cancellation.cancel_at(world.clock, world.clock.now() + 40s);
    world.clock.advance(20s);
    world.all_ready();
    world.process(0).begin_answer("half");
    world.clock.advance(19s);
    CHECK_FALSE(asked.done());
    world.clock.advance(1s);
    REQUIRE(asked.error);
    CHECK(asked.error->status == 504);
}

TEST_CASE("a pool is ready while a request that comes now would be taken up in time") {
    PoolWorld world(1, {.limit = 100, .timeout = 10s});
    CHECK(world.pool.not_ready() == "no worker has a loaded model");
    world.all_ready();
    CHECK(world.pool.not_ready().empty());
    world.ask("slow");
    world.clock.advance(3s);
    world.process(0).answer({"."});
    world.clock.settle();
    world.ask("now it is measured");
    CHECK(world.pool.not_ready().empty());
    world.ask("waits 3 s");
    world.ask("waits 6 s");
    CHECK(world.pool.not_ready().empty());
    world.ask("waits 9 s");
    CHECK(world.pool.not_ready() ==
          "a request would wait for about 12 s, longer than queue.timeout (10s)");
    world.process(0).exit_with(1);
    world.clock.settle();
    CHECK(world.pool.not_ready() == "no worker has a loaded model");
}

TEST_CASE("a pool with a full queue is not ready, however short its requests are") {
    PoolWorld world(1, {.limit = 1, .timeout = 60s});
    world.all_ready();
    world.ask("runs");
    CHECK(world.pool.not_ready().empty());
    world.ask("waits");
    CHECK(world.pool.not_ready() == "every worker is busy and the queue is full");
    world.process(0).answer({"."});
    world.clock.settle();
    CHECK(world.pool.not_ready().empty());
}
