// A configuration that no file stands behind: the same rules, the same words, no place.
#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "config/validate.hpp"

using namespace corral;

namespace {

Config good() {
    Config config;
    config.pools.emplace_back().model = "m.gguf";
    return config;
}

std::string error_after(const std::function<void(Config&)>& change) {
    Config config = good();
    change(config);
    try {
        validate(config);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("the defaults and a model are a good configuration") {
    CHECK_FALSE(find_problem(good()).has_value());
    CHECK_NOTHROW(validate(good()));
}

TEST_CASE("values from the command line are held to the rules of the file") {
    CHECK(error_after([](Config& c) { c.pools[0].workers = 0; }) ==
          "pools[0].workers: expected auto or a whole number from 1 to 256, got \"0\"");
    CHECK(error_after([](Config& c) { c.pools[0].threads = 0; }) ==
          "pools[0].threads: expected auto or a whole number from 1 to 1024, got \"0\"");
    CHECK(error_after([](Config& c) { c.pools[0].context = 256; }) ==
          "pools[0].max_tokens: expected less than the context of 256 tokens, got \"512\"");
    CHECK(error_after([](Config& c) { c.pools[0].sampling.top_p = 1.5; }) ==
          "pools[0].sampling.top_p: expected a number from 0 to 1, got \"1.5\"");
    CHECK(error_after([](Config& c) {
              c.pools[0].sampling.temperature = std::numeric_limits<double>::quiet_NaN();
          }) == "pools[0].sampling.temperature: expected a number from 0 to 100, got \"nan\"");
    CHECK(error_after([](Config& c) { c.pools[0].model.clear(); }) ==
          "pools[0].model: a model is needed: the path of a GGUF file");
    CHECK(error_after([](Config& c) {
              c.pools[0].extra_args = {"-b", "64", "-m"};
          }) == "pools[0].extra_args[2]: \"-m\" is set by corral itself; use the key \"model\"");
    CHECK(error_after([](Config& c) { c.pools[0].env["A B"] = "x"; }) ==
          "pools[0].env.A B: \"A B\" is not the name of an environment variable");
    CHECK(error_after([](Config& c) { c.pools.push_back(c.pools[0]); }) ==
          "pools[1].name: \"default\" is already the name of pools[0]");
    CHECK(error_after([](Config& c) { c.pools.clear(); }) == "pools: at least one pool is needed");
    CHECK(error_after([](Config& c) { c.listen.unix_socket->path = std::string(108, 'x'); }) ==
          "listen.unix.path: the path of a Unix socket has at most 107 bytes, this one has 108");
    CHECK(error_after([](Config& c) { c.listen.unix_socket->mode = 010660; }) ==
          "listen.unix.mode: expected an octal file mode such as \"0660\", got \"10660\"");
    CHECK(error_after([](Config& c) { c.listen.unix_socket.reset(); }) ==
          "listen: there is no listener: give unix, tcp or both");
    CHECK(error_after([](Config& c) { c.listen.tcp.emplace().address = "192.168.1.1"; }) ==
          "listen.tcp.api_key_file: an API key is needed to listen on \"192.168.1.1\", which other "
          "machines can reach");
    CHECK(error_after([](Config& c) { c.queue.timeout = 0ms; }) ==
          "queue.timeout: expected a duration with its unit from 1ms to 24h (such as 250ms, 60s, "
          "5m), "
          "got \"0s\"");
    CHECK(error_after([](Config& c) { c.timeouts.drain = -1ms; }) ==
          "timeouts.drain: expected a duration with its unit from 0s to 24h (such as 250ms, 60s, "
          "5m), "
          "got \"-1ms\"");
    CHECK(error_after([](Config& c) {
              c.queue.limit = SIZE_MAX;
          }).starts_with("queue.limit: expected"));
    CHECK(error_after([](Config& c) {
              c.restart = {2s, 1s};
          }) == "restart.initial: expected at most restart.max (1s), got \"2s\"");
    CHECK(error_after([](Config& c) { c.log.level = static_cast<LogLevel>(99); }) ==
          "log.level: expected one of trace, debug, info, warn, error, got \"\"");
}
