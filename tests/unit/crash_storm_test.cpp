// A pool in which something is broken: few starts, a quick return once it is mended.
#include "supervisor/crash_storm.hpp"

#include <csignal>

#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

namespace {

std::size_t starts(const PoolWorld& world) {
    return world.spawner.processes.size() + world.spawner.refused;
}

// Lets five minutes pass in small steps, in which `play` does to the processes what ails them.
void five_minutes(PoolWorld& world, const std::function<void(FakeProcess&)>& play) {
    for (int step = 0; step < 3000; ++step) {
        for (std::size_t i = 0; i < world.spawner.processes.size(); ++i)
            if (!world.process(i).status) play(world.process(i));
        world.clock.advance(100ms);
    }
}

}  // namespace

TEST_CASE(
    "whatever ails every worker costs at most ten starts in five minutes, and is healed soon") {
    PoolWorld world(3);
    std::map<pid_t, TimePoint> ready_since;
    const auto become_ready = [&](FakeProcess& process) {
        if (ready_since.contains(process.pid)) return;
        process.become_ready();
        ready_since[process.pid] = world.clock.now();
    };
    SUBCASE("it exits at once") {
        five_minutes(world, [](FakeProcess& process) { process.exit_with(1); });
    }
    SUBCASE("the program is gone") {
        world.all_ready();
        world.spawner.refuse_with = "cannot run llama-cli: No such file or directory";
        for (int i = 0; i < 3; ++i) world.process(i).exit_with(0);
        world.clock.advance(5min);
        world.spawner.refuse_with.clear();
    }
    SUBCASE("it exits after five seconds") {
        five_minutes(world, [&](FakeProcess& process) {
            become_ready(process);
            if (world.clock.now() - ready_since[process.pid] > 5s) process.exit_with(1);
        });
    }
    SUBCASE("it crashes at its first token, whoever asks") {
        five_minutes(world, [&, asked = 0](FakeProcess& process) mutable {
            become_ready(process);
            if (process.take_nonce().empty()) {
                world.ask("question " + std::to_string(++asked / 2));
            } else {
                process.die_of(SIGSEGV);
            }
        });
    }
    CHECK(starts(world) <= 10);
    CHECK_FALSE(world.pool.failing().empty());
    CHECK_FALSE(world.pool.loaded());
    // Mended: within restart.max one works; the others follow when it has lived for a while.
    world.clock.advance(61s);
    world.all_ready();
    CHECK(world.pool.loaded());
    for (int second = 0; second < 70; ++second) {
        for (const auto& process : world.spawner.processes) {
            if (process->status) continue;
            process->unread = process->read_input();
            if (process->unread.starts_with("/clear")) process->answer({"Hello"});
            process->play_health_checks();
        }
        world.clock.advance(1s);
    }
    CHECK(world.pool.failing().empty());
    for (int worker = 0; worker < 3; ++worker) CHECK(world.state(worker) != WorkerState::backoff);
}

TEST_CASE("a pool that lost all its workers at once is back at once") {
    PoolWorld world(3);
    world.all_ready();
    for (int i = 0; i < 3; ++i) world.process(i).die_of(SIGKILL);
    world.clock.advance(1s);
    CHECK_FALSE(world.pool.failing().empty());
    CHECK(world.pool.failing().find("signal 9") != std::string::npos);
    CHECK(starts(world) >= 4);
    world.all_ready();
    CHECK(world.pool.loaded());
    Asked& asked = world.ask("Hi");
    for (const auto& process : world.spawner.processes)
        if (!process->status && process->has_request("Hi")) process->answer({"Hello"});
    world.clock.settle();
    CHECK(asked.sink.text == "Hello");
    for (int second = 0; second < 12; ++second) {
        world.clock.advance(1s);
        for (const auto& process : world.spawner.processes)
            if (!process->status) process->play_health_checks();
    }
    world.clock.settle();
    CHECK(world.pool.failing().empty());
}

TEST_CASE("deaths far apart are no storm") {
    CrashStorm storm{RestartConfig{}};
    TimePoint now{1h};
    for (int i = 0; i < 100; ++i) {
        CHECK_FALSE(storm.note_death(now, false));
        now += 31s;
    }
    CHECK_FALSE(storm.failing());
}
