#include "supervisor/usable_cores.hpp"

#include <doctest/doctest.h>

using namespace corral;

TEST_CASE("cpu.max tells whole cores") {
    CHECK(cores_of_quota("max 100000") == std::nullopt);
    CHECK(cores_of_quota("") == std::nullopt);
    CHECK(cores_of_quota("-1 100000") == std::nullopt);
    CHECK(cores_of_quota("200000 100000") == 2);
    CHECK(cores_of_quota("150000 100000") == 1);
    CHECK(cores_of_quota("10000 100000") == 1);
}

TEST_CASE("threads divide the cores, at least one each") {
    CHECK(threads_per_worker(2, 3) == 1);
    CHECK(threads_per_worker(8, 3) == 2);
    CHECK(threads_per_worker(16, 1) == 16);
    CHECK(threads_per_worker(1, 0) == 1);
}

TEST_CASE("this machine has at least one core") {
    CHECK(usable_cores() >= 1);
}
