// The pure parts of the client: events, answers, tables, figures, the loading lines.
#include <doctest/doctest.h>

#include "cli/answer_stream.hpp"
#include "cli/format.hpp"
#include "cli/pool_table.hpp"
#include "cli/progress_block.hpp"
#include "cli/sse.hpp"
#include "cli/terminal.hpp"

using namespace corral;
using namespace std::chrono_literals;

namespace {

const std::string chunk = R"(data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":null}]})"
                          "\n\n";
const std::string last = R"(data: {"choices":[{"delta":{},"finish_reason":"stop"}]})"
                         "\n\n";

Worker::Snapshot worker(const std::string& name, WorkerState state) {
    Worker::Snapshot snapshot{};
    snapshot.name = name;
    snapshot.state = state;
    snapshot.spawned_at = TimePoint(1s);
    snapshot.state_since = TimePoint(1400ms);
    snapshot.pid = 123;
    return snapshot;
}

}  // namespace

TEST_CASE("events come out whole however the bytes are cut") {
    const std::string text =
        ": comment\ndata: one\r\n\r\nevent: x\ndata:two\ndata: lines\n\n\ndata\n\n";
    const std::vector<std::string> expected{"one", "two\nlines", ""};
    SseParser whole;
    CHECK(whole.feed(text) == expected);
    SseParser by_byte;
    std::vector<std::string> events;
    for (const char byte : text)
        for (std::string& event : by_byte.feed(std::string_view(&byte, 1))) events.push_back(event);
    CHECK(events == expected);
}

TEST_CASE("an event without an end does not grow the memory") {
    SseParser parser;
    for (int i = 0; i < 300; ++i) parser.feed(std::string(8192, 'x'));
    CHECK(parser.overflowed());
    CHECK(parser.feed("\n\ndata: late\n\n").empty());
}

TEST_CASE("a streamed answer is complete only with its end mark, and an error event is its end") {
    AnswerStream stream;
    CHECK(stream.feed(chunk) == "Hi");
    CHECK(stream.feed(last) == "");
    CHECK_FALSE(stream.answer().complete);
    SUBCASE("done") {
        stream.feed("data: [DONE]\n\n");
        CHECK(stream.answer().complete);
        CHECK(stream.answer().finish_reason == "stop");
        CHECK(stream.answer().text == "Hi");
    }
    SUBCASE("error") {
        stream.feed("data: {\"error\":{\"message\":\"worker lost\"}}\n\ndata: [DONE]\n\n");
        CHECK_FALSE(stream.answer().complete);
        CHECK(stream.answer().error == "worker lost");
    }
    SUBCASE("garbage") {
        stream.feed("data: {nonsense\n\n");
        CHECK(stream.answer().error.find("not JSON") != std::string::npos);
    }
}

TEST_CASE("figures for people") {
    CHECK(format_seconds(0.42) == "0.4 s");
    CHECK(format_seconds(187) == "3m 07s");
    CHECK(format_seconds(18120) == "5h 02m");
    CHECK(format_seconds(-1) == "0.0 s");
    CHECK(format_bytes(812) == "812 B");
    CHECK(format_bytes(12'900'000) == "12.3 MiB");
    CHECK(format_bytes(1'610'612'736) == "1.50 GiB");
}

TEST_CASE("what a model says cannot command the terminal") {
    CHECK(harmless("a\x1b[31mb\tc\nd\x7f") == "a[31mb\tc\nd");
    CHECK(one_line("two\nlines\n") == "two lines");
    CHECK(cropped("Zoë's table", 5) == "Zoë'…");
}

TEST_CASE("the pool's report becomes a table, and nonsense an error") {
    const std::string table = pool_table(
        R"({"pools":[{"name":"p","model":"m.gguf","queue":{"length":2,"limit":64},"workers":[
            {"id":"p/1","state":"ready","pid":7,"uptime_seconds":61,"requests":5,"restarts":0,"last_exit":null,
             "state_seconds":3,"rss_bytes":2048,"pss_bytes":1024}]}]})");
    for (const char* part :
         {"pool p  m.gguf", "queue 2/64", "p/1     ready", "1m 01s", "1.00 KiB / 2.00 KiB"})
        CHECK_MESSAGE(table.find(part) != std::string::npos, part << " in\n" << table);
    for (const char* bad : {"", "[]", "{}", R"({"pools":[7]})", R"({"pools":[{"workers":[7]}]})"})
        CHECK_THROWS_AS(pool_table(bad), std::runtime_error);
}

TEST_CASE("each worker has its line while it loads") {
    PoolConfig pool;
    pool.workers = 2;
    ProgressBlock block({pool});
    CHECK(block.update(worker("default/1", WorkerState::starting)));
    CHECK_FALSE(block.update(worker("default/1", WorkerState::starting)));
    CHECK(block.update(worker("default/2", WorkerState::ready)));
    CHECK(block.lines(80, 24) == std::vector<std::string>{"default 1/2  loading …",
                                                          "default 2/2  ready in 0.4 s (pid 123)"});
    CHECK_FALSE(block.all_ready());
    Worker::Snapshot dead = worker("default/1", WorkerState::backoff);
    dead.last_exit = "exit code 1: no memory";
    CHECK(block.update(dead));
    CHECK(block.lines(80, 24)[0] == "default 1/2  backoff: exit code 1: no memory");
    CHECK(block.lines(20, 24)[0] == "default 1/2  backof…");
    CHECK(block.lines(80, 1) == std::vector<std::string>{"and 2 more workers"});
    block.update(worker("default/1", WorkerState::ready));
    CHECK(block.all_ready());
}
