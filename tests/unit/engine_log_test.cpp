#include "ipc/engine_log.hpp"

#include <doctest/doctest.h>

using namespace corral;

namespace {

// As llama-cli 0.7.0 wrote them.
const std::string turn =
    "0.00.219.264 I slot launch_slot_: id  0 | task 36 | processing task, is_child = 0\n"
    "0.00.219.286 I slot   operator(): id  0 | task 36 | new prompt, n_ctx_slot = 2048, n_keep = "
    "0, task.n_tokens = 31\n"
    "0.00.219.307 I slot   operator(): id  0 | task 36 | cached n_tokens = 12, memory_seq_rm [12, "
    "end)\n"
    "0.00.232.610 I slot print_timing: id  0 | task 36 | prompt eval time =       1.80 ms /    19 "
    "tokens (    0.18 ms per token)\n"
    "0.00.232.617 I slot print_timing: id  0 | task 36 |        eval time =      11.51 ms /    35 "
    "tokens (    0.34 ms per token)\n"
    "0.00.232.635 I slot      release: id  0 | task 36 | stop processing: n_tokens = 65, truncated "
    "= 0\n";

}  // namespace

TEST_CASE("token counts come from the lines of the present task") {
    EngineLog log;
    log.begin_answer();
    SUBCASE("in one go") {
        log.feed(turn);
    }
    SUBCASE("byte by byte") {
        for (const char c : turn) log.feed(std::string_view(&c, 1));
    }
    CHECK(log.usage().prompt_tokens == 31);
    CHECK(log.usage().cached_tokens == 12);
    CHECK(log.usage().completion_tokens == 35);
    CHECK(log.generating());
    CHECK(log.finished());
    CHECK_FALSE(log.failed());
    CHECK_FALSE(log.truncated());
}

TEST_CASE("a late line of the last answer does not count for the next") {
    EngineLog log;
    log.begin_answer();
    log.feed(turn);
    log.begin_answer();
    log.feed("0 I slot release: id  0 | task 36 | stop processing: n_tokens = 65, truncated = 1\n");
    CHECK_FALSE(log.finished());
    CHECK_FALSE(log.usage().prompt_tokens);
}

TEST_CASE("refusals and full contexts are seen") {
    EngineLog log;
    log.begin_answer();
    SUBCASE("context overflow") {
        log.feed(
            "0 I slot launch_slot_: id  0 | task 3 | processing task\n"
            "0 E srv    send_error: task id = 3, error: request (620 tokens) exceeds\n");
        CHECK(log.failed());
        CHECK_FALSE(log.generating());
        CHECK(log.last_error() ==
              "srv    send_error: task id = 3, error: request (620 tokens) exceeds");
    }
    SUBCASE("an exception of the template, without a task") {
        log.feed("0 W srv    operator(): got exception: {\"error\":{\"code\":500}}\n");
        CHECK(log.failed());
        CHECK(log.finished());
    }
    SUBCASE("an answer that a SIGINT cut") {
        log.feed(
            "0 I slot launch_slot_: id  0 | task 223 | processing task\n"
            "0 W srv          stop: cancel task, id_task = 222\n");
        CHECK_FALSE(log.cancelled());
        log.feed("0 W srv          stop: cancel task, id_task = 223\n");
        CHECK(log.cancelled());
    }
    SUBCASE("the context ran full") {
        log.feed(
            "0 I slot launch_slot_: id  0 | task 3 | processing task\n"
            "0 I slot release: id  0 | task 3 | stop processing: n_tokens = 255, truncated = 1\n");
        CHECK(log.truncated());
    }
}

TEST_CASE("lines without an end do not grow the memory, and later lines still count") {
    EngineLog log;
    for (int i = 0; i < 1000; ++i) log.feed(std::string(4096, 'x'));
    log.feed("\n0 E something broke\n");
    CHECK(log.last_error() == "something broke");
    log.feed("0 E and ends\n");
    CHECK(log.last_error() == "and ends");
    CHECK(log.first_error() == "something broke");
}
