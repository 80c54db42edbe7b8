// What `corral serve` shows while its workers load.
#include <doctest/doctest.h>

#include "cli/progress_block.hpp"

using namespace corral;
using Lines = std::vector<std::string>;

namespace {

const TimePoint start = TimePoint() + 1h;

Worker::Snapshot worker(const std::string& name, WorkerState state, milliseconds after = 0ms) {
    return {name, state, start + after, std::nullopt, start, 0, 0, ""};
}

Worker::Snapshot running(const std::string& name, WorkerState state, milliseconds after) {
    Worker::Snapshot snapshot = worker(name, state, after);
    snapshot.pid = 123;
    return snapshot;
}

ProgressBlock block_of(unsigned workers) {
    PoolConfig pool;
    pool.workers = workers;
    return ProgressBlock({pool});
}

}  // namespace

TEST_CASE("a line for each worker, from loading to ready") {
    ProgressBlock block = block_of(2);
    CHECK(block.lines(80, 24) == Lines{"default 1/2  waiting", "default 2/2  waiting"});
    CHECK(block.update(worker("default/1", WorkerState::starting)));
    CHECK(block.update(worker("default/2", WorkerState::starting)));
    CHECK_FALSE(block.update(worker("default/2", WorkerState::starting)));
    CHECK(block.lines(80, 24) == Lines{"default 1/2  loading …", "default 2/2  loading …"});
    CHECK(block.update(running("default/2", WorkerState::ready, 430ms)));
    CHECK(block.lines(80, 24) ==
          Lines{"default 1/2  loading …", "default 2/2  ready in 0.4 s (pid 123)"});
    CHECK_FALSE(block.all_ready());
    CHECK(block.update(running("default/1", WorkerState::ready, 12s)));
    CHECK(block.lines(80, 24).front() == "default 1/2  ready in 12 s (pid 123)");
    CHECK(block.all_ready());
}

TEST_CASE("how much of the model is in memory") {
    ProgressBlock block = block_of(1);
    Worker::Snapshot loading = worker("default/1", WorkerState::starting);
    loading.loading = {0, 4000ull << 20};
    CHECK(block.update(loading));
    CHECK(block.lines(80, 24) ==
          Lines{"default 1/1  loading  ░░░░░░░░░░░░░░░░░░░░   0 %  0 B of 3.91 GiB"});
    loading.loading->bytes = 1500ull << 20;
    loading.restarts = 2;
    CHECK(block.update(loading));
    CHECK_FALSE(block.update(loading));
    CHECK(
        block.lines(80, 24) ==
        Lines{"default 1/1  loading  ███████░░░░░░░░░░░░░  37 %  1.46 GiB of 3.91 GiB (start 3)"});
    loading.loading->bytes = loading.loading->of_bytes;
    block.update(loading);
    CHECK(block.lines(44, 24) == Lines{"default 1/1  loading  ████████████████████ …"});
}

TEST_CASE("a worker that answers while others load keeps its line") {
    ProgressBlock block = block_of(2);
    block.update(running("default/1", WorkerState::ready, 1s));
    for (const WorkerState state :
         {WorkerState::busy, WorkerState::recovering, WorkerState::checking, WorkerState::ready})
        CHECK_FALSE(block.update(running("default/1", state, 9s)));
    CHECK(block.lines(80, 24).front() == "default 1/2  ready in 1.0 s (pid 123)");
}

TEST_CASE("a worker that fails to load") {
    ProgressBlock block = block_of(1);
    Worker::Snapshot dead = worker("default/1", WorkerState::backoff);
    dead.last_exit = "exit code 1: no\nmodel\x1b[2J";
    CHECK(block.update(dead));
    CHECK(block.lines(80, 24) == Lines{"default 1/1  backoff: exit code 1: no model[2J"});
    CHECK(block.lines(20, 24) == Lines{"default 1/1  backof…"});
    Worker::Snapshot again = worker("default/1", WorkerState::starting);
    again.restarts = 1;
    CHECK(block.update(again));
    CHECK(block.lines(80, 24) == Lines{"default 1/1  loading … (start 2)"});
    CHECK_FALSE(block.all_ready());
    CHECK(block.update(running("default/1", WorkerState::ready, 1s)));
    CHECK(block.all_ready());
}

TEST_CASE("stopping while loading") {
    ProgressBlock block = block_of(2);
    CHECK_FALSE(block.stopping());
    block.update(worker("default/1", WorkerState::stopping));
    CHECK(block.stopping());
    CHECK_FALSE(block.all_ready());
}

TEST_CASE("labels line up, and a low screen shows what fits") {
    PoolConfig small;
    small.name = "s";
    small.workers = 1;
    PoolConfig large;
    large.workers = 10;
    const ProgressBlock block({small, large});
    const Lines lines = block.lines(80, 24);
    CHECK(lines.front() == "s 1/1          waiting");
    CHECK(lines.back() == "default 10/10  waiting");
    CHECK(block.lines(80, 3) ==
          Lines{"s 1/1          waiting", "default 1/10   waiting", "and 9 more workers"});
    CHECK(block.lines(80, 11).size() == 11);
    CHECK(block.lines(80, 1) == Lines{"and 11 more workers"});
}

TEST_CASE("a worker of another pool is not shown") {
    ProgressBlock block = block_of(1);
    CHECK_FALSE(block.update(worker("other/1", WorkerState::starting)));
}
