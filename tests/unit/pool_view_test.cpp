// What corral status shows of a report beyond the table of the workers.
#include <doctest/doctest.h>

#include "cli/pool_view.hpp"
#include "cli/sparkline.hpp"

using namespace corral;

namespace {

const char* report = R"_({"pools":[{
    "name":"default","model":"m.gguf","failing":null,
    "queue":{"length":2,"limit":64,"oldest_seconds":3.2},
    "recent":{"answered":51,"failed":2,"tokens_per_second_last_minute":17.84,
        "duration_seconds":{"p50":0.31,"p95":12.2},"first_token_seconds":{"p50":0.044,"p95":0.092}},
    "history":{"step_seconds":20,"tokens_per_second":[0,5,40,20],
        "first_token_p95":[null,0.1,null,0.05],"duration_p95":[null,null,null,null]},
    "deaths":[
        {"worker":"default/2","seconds_ago":12,"cause":"killed","text":"signal 9 (Killed)"},
        {"worker":"default/2","seconds_ago":70,"cause":"crashed","text":"signal 11\u001b[2J"},
        {"worker":"default/1","seconds_ago":80,"cause":"hung","text":"stalled"},
        {"worker":"default/1","seconds_ago":90,"cause":"hung","text":"not shown"}],
    "workers":[
        {"id":"default/1","state":"busy","state_seconds":12,"pid":123,"uptime_seconds":187,
         "requests":5,"restarts":0,"last_exit":null,"rss_bytes":41943040,"pss_bytes":12900000,
         "request":{"age_seconds":12.3,"tokens":214,"tokens_per_second":17.76,"prompt_tokens":30}},
        {"id":"default/2","state":"starting","state_seconds":4,"pid":124,"uptime_seconds":4,
         "requests":0,"restarts":1,"last_exit":"signal 9","rss_bytes":1024,"pss_bytes":1024,
         "loading":{"bytes":1288490189,"of_bytes":4080218931},"request":null},
        {"id":"default/3","state":"busy","state_seconds":2,"pid":125,"uptime_seconds":4,
         "requests":0,"restarts":0,"last_exit":null,"rss_bytes":1024,"pss_bytes":1024,
         "request":{"age_seconds":2,"tokens":0,"tokens_per_second":0,"prompt_tokens":512}}]}],
    "memory":{"total_bytes":17179869184,"available_bytes":12884901888,"headroom_bytes":1717986918,
        "weights_shared_bytes":4080218931,"private_bytes":981467136,"other_bytes":2147483648,
        "free_bytes":9663676416}})_";

bool has(const std::string& view, const std::string& line) {
    return ("\n" + view).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("figures as a line of blocks") {
    CHECK(sparkline({0, 1, 2, 3, 4, 5, 6, 7}, 8) == "▁▂▃▄▅▆▇█");
    CHECK(sparkline({std::nullopt, 0.5, std::nullopt}, 3) == " █ ");
    CHECK(sparkline({0, 0}, 2) == "▁▁");
    CHECK(sparkline({}, 5) == "");
    // Less room: the largest of those that share a place.
    CHECK(sparkline({7, 0, 0, 0, std::nullopt, std::nullopt, 0, 7}, 4) == "█▁ █");
}

TEST_CASE("the view of a pool at work") {
    const std::string view = pool_view(report, 80);
    CHECK(has(view, "queue 2/64, the first for 3.2 s"));
    CHECK(view.find("in use   12 s   12 s, 214 tokens, 17.8/s") != std::string::npos);
    CHECK(view.find("██████░░░░░░░░░░░░░░  31 %  1.20 GiB of 3.80 GiB") != std::string::npos);
    CHECK(view.find("2 s, reads 512 tokens") != std::string::npos);
    CHECK(has(view, "15 minutes   51 answered, 2 failed"));
    CHECK(has(view, "tokens/s     ▁▂█▅  17.8 in the last minute"));
    CHECK(has(view, "first token   █ ▅  p50 44 ms, p95 92 ms"));
    CHECK(view.find("\nanswered") == std::string::npos);  // nothing was measured
    CHECK(has(view, "last deaths  12 s ago  default/2  killed: signal 9 (Killed)"));
    CHECK(has(view, "             1m 10s ago  default/2  crashed: signal 11[2J"));
    CHECK(view.find("not shown") == std::string::npos);
    CHECK(has(view,
              "memory       16.0 GiB: weights 3.80 GiB (shared), workers 936 MiB, others 2.00 GiB, "
              "free 9.00 GiB (headroom 1.60 GiB)"));
}

TEST_CASE("an older server tells less") {
    const std::string view = pool_view(
        R"({"pools":[{"name":"a","failing":"failing: it dies","workers":[{"id":"a/1"}]}]})", 80);
    CHECK(has(view, "failing: it dies"));
    CHECK(view.find("memory  ") == std::string::npos);
    CHECK(view.find("last deaths") == std::string::npos);
    CHECK_THROWS_AS(pool_view("{\"pools\":[7]}", 80), PoolReportError);
    CHECK_THROWS_AS(pool_view(R"({"pools":[{"workers":[],"deaths":[7]}]})", 80), PoolReportError);
}
