#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

int main(int argc, char** argv) {
    // What the tested code logs would bury what failed; CORRAL_TEST_LOG=1 shows it.
    if (!getenv("CORRAL_TEST_LOG")) spdlog::set_level(spdlog::level::off);
    return doctest::Context(argc, argv).run();
}
