#include "supervisor/restart_policy.hpp"

#include <doctest/doctest.h>

using namespace corral;
using namespace std::chrono_literals;

namespace {

RestartPolicy policy(double random) {
    return RestartPolicy(250ms, 30s, [random] { return random; });
}

}  // namespace

TEST_CASE("a worker that worked comes back at once, then ever more slowly") {
    RestartPolicy slowest = policy(1);
    CHECK(slowest.after_death(5s) == 0ms);
    CHECK(slowest.after_death(5s) == 500ms);
    CHECK(slowest.after_death(5s) == 1000ms);
    for (int i = 0; i < 10; ++i) slowest.after_death(5s);
    CHECK(slowest.after_death(5s) == 30s);
}

TEST_CASE("a worker that never became ready waits from the first time on") {
    RestartPolicy slowest = policy(1);
    CHECK(slowest.after_death(std::nullopt) == 250ms);
    CHECK(slowest.after_death(std::nullopt) == 500ms);
}

TEST_CASE("full jitter: any part of a delay may be left") {
    CHECK(policy(0).after_death(std::nullopt) == 0ms);
    CHECK(policy(0.5).after_death(std::nullopt) == 125ms);
}

TEST_CASE("a long life clears the record") {
    RestartPolicy slowest = policy(1);
    for (int i = 0; i < 10; ++i) slowest.after_death(std::nullopt);
    CHECK(slowest.after_death(30s) == 0ms);
    CHECK(slowest.after_death(1s) == 500ms);
}

TEST_CASE("delays never exceed the cap nor overflow") {
    RestartPolicy slowest = policy(1);
    for (int i = 0; i < 10000; ++i) CHECK(slowest.after_death(std::nullopt) <= 30s);
}
