// The figures of a pool in virtual time: what they count, and that they move while an answer is
// under way.
#include <csignal>

#include "supervisor/llamacpp_page.hpp"
#include "supervisor/metrics_page.hpp"
#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

namespace {

struct MeasuredWorld : PoolWorld {
    using PoolWorld::PoolWorld;

    std::string page() {
        return metrics_page({{&pool}, refused, processes, clock.now(), 1}) + llamacpp_page({&pool});
    }
    // Of the line that begins so, up to its value; -1 if there is none.
    double value(const std::string& series) {
        const std::string text = page();
        const std::size_t at = text.find("\n" + series + " ");
        return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
    }
    double pool_value(const std::string& name, const std::string& labels = "") {
        return value(name + "{pool=\"default\"" + labels + "}");
    }
    double outcome(const std::string& word) {
        return pool_value("corral_requests_total", ",outcome=\"" + word + "\"");
    }
    double restarts(const std::string& word) {
        return pool_value("corral_worker_restarts_total", ",cause=\"" + word + "\"");
    }

    RefusedCounts refused;
    ProcessWatch processes;
};

}  // namespace

TEST_CASE("figures move while an answer is under way") {
    MeasuredWorld world(1);
    world.clock.advance(4s);
    world.all_ready();
    CHECK(world.pool_value("corral_worker_start_seconds_sum") == 4);
    Asked& asked = world.ask("long");
    Asked& waits = world.ask("waits");
    FakeProcess& child = world.process(0);
    const std::string nonce = child.take_nonce();
    child.write_error(
        "0 I slot launch_slot_: id  0 | task 7 | processing task\n"
        "0 I slot operator(): id  0 | task 7 | new prompt, task.n_tokens = 50\n"
        "0 I slot operator(): id  0 | task 7 | cached n_tokens = 20, memory\n");
    world.clock.advance(3s);
    // Not a word of the answer yet.
    CHECK(world.pool_value("corral_requests_running") == 1);
    CHECK(world.pool_value("corral_queue_length") == 1);
    CHECK(world.pool_value("corral_queue_limit") == 64);
    CHECK(world.pool_value("corral_queue_oldest_seconds") == 3);
    CHECK(world.pool_value("corral_prompt_tokens_total") == 50);
    CHECK(world.pool_value("corral_prompt_tokens_cached_total") == 20);
    CHECK(world.pool_value("llamacpp:prompt_tokens_total") == 30);
    CHECK(world.pool_value("corral_prompt_seconds_total") == 3);
    CHECK(world.pool_value("llamacpp:prompt_tokens_seconds") == 10);
    CHECK(world.pool_value("corral_worker_request_age_seconds", ",worker=\"w1\"") == 3);
    CHECK(world.pool_value("corral_worker_request_tokens", ",worker=\"w1\"") == 0);
    child.write_output("Chat history cleared.\n\n> one");
    world.clock.advance(2s);
    CHECK(world.pool_value("corral_time_to_first_token_seconds_sum") == 3);
    CHECK(world.pool_value("corral_completion_tokens_total") == 1);
    CHECK(world.pool_value("corral_generation_seconds_total") == 2);
    child.write_output(" two");
    world.clock.advance(0s);
    CHECK(world.pool_value("corral_time_per_output_token_seconds_sum") == 2);
    CHECK(world.pool_value("corral_worker_request_tokens", ",worker=\"w1\"") == 2);
    CHECK(world.pool.metrics().running().at(0).tokens_per_second == 0.5);
    CHECK(world.outcome("stop") == 0);
    CHECK(world.pool_value("corral_request_duration_seconds_count") == 0);
    child.finish(nonce, 3);
    world.clock.settle();
    CHECK(asked.done());
    CHECK(world.outcome("stop") == 1);
    CHECK(world.pool_value("corral_request_duration_seconds_sum") == 5);
    CHECK(world.pool_value("corral_completion_tokens_total") == 3);
    CHECK(world.pool_value("corral_context_tokens_max") == 53);
    // The other one has its turn.
    CHECK(world.pool_value("corral_queue_wait_seconds_sum") == 5);
    CHECK(world.pool_value("corral_queue_wait_seconds_count") == 2);
    CHECK_FALSE(waits.done());
}

TEST_CASE("each request ends in one way") {
    MeasuredWorld world(1, {.limit = 1, .timeout = 10s});
    world.all_ready();
    Asked& cut = world.ask("cut", 1);
    world.process(0).answer({"1", " 2"});
    world.clock.settle();
    world.process(0).pass_health_check();
    world.clock.settle();
    CHECK(cut.done());
    CHECK(world.outcome("length") == 1);
    Asked& running = world.ask("running");
    Asked& queued = world.ask("queued");
    Asked& full = world.ask("full");
    CHECK(full.done());
    CHECK(world.outcome("queue_full") == 1);
    queued.cancellation.cancel(CancelReason::client_gone);
    world.clock.settle();
    CHECK(world.outcome("cancelled_queued") == 1);
    world.ask("late");
    world.clock.advance(10s);
    CHECK(world.outcome("queue_timeout") == 1);
    running.cancellation.cancel(CancelReason::client_gone);
    world.clock.settle();
    CHECK(world.outcome("cancelled_running") == 1);
    CHECK(world.outcome("other") == 0);
    const RecentFigures::Figures recent = world.pool.metrics().last(RecentFigures::whole);
    CHECK(recent.answered == 1);
    CHECK(recent.failed == 2);
}

TEST_CASE("deaths are told apart, and what became of their requests") {
    MeasuredWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("one");
    world.process(0).begin_answer("1");
    world.clock.settle();
    world.process(0).die_of(SIGSEGV);
    world.clock.advance(2s);
    CHECK(world.restarts("crashed") == 1);
    CHECK(world.pool_value("corral_answers_resumed_total") == 1);
    world.all_ready();
    world.spawner.last().answer({"1", " 2"});
    world.clock.settle();
    CHECK(asked.done());
    world.spawner.last().die_of(SIGKILL);
    world.clock.advance(2s);
    CHECK(world.restarts("killed") == 1);
    world.clock.advance(3min);
    CHECK(world.restarts("not_ready") >= 1);
    world.spawner.last().exit_with(1);
    world.clock.advance(1s);
    CHECK(world.restarts("start_failed") == 1);
    CHECK(world.pool_value("corral_pool_failing") == 0);
}

TEST_CASE("a hung worker and one out of protocol") {
    MeasuredWorld world(1);
    world.all_ready();
    world.ask("one");
    world.clock.advance(45s);
    CHECK(world.restarts("hung") == 1);
    CHECK(world.pool_value("corral_answers_retried_total") == 1);
    world.clock.advance(2s);
    world.all_ready();
    world.spawner.last().write_output("garbage");
    world.clock.advance(1s);
    CHECK(world.restarts("protocol") == 1);
}

TEST_CASE("an idle worker that does not answer its health check, and one that is recycled") {
    MeasuredWorld world(1, {}, {.max_requests = 1});
    world.all_ready();
    world.clock.advance(11s);
    CHECK(world.restarts("unhealthy") == 1);
    world.clock.advance(1s);
    world.all_ready();
    world.ask("one");
    world.spawner.last().answer({"1"});
    world.clock.settle();
    CHECK(world.restarts("recycled") == 1);
    CHECK(world.pool_value("corral_workers", ",state=\"starting\"") == 1);
}
