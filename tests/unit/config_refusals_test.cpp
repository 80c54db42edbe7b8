// What the loader refuses, with the exact line that an administrator gets.
#include <doctest/doctest.h>

#include "tests/unit/config_walk.hpp"

using namespace corral;
using corral::test::error_of;

namespace {

struct Refusal {
    std::string text;
    std::string error;
};

void check_all(std::initializer_list<Refusal> refusals) {
    for (const Refusal& refusal : refusals) {
        CAPTURE(refusal.text);
        CHECK(error_of(refusal.text) == refusal.error);
    }
}

// One key of the pool on line 3, its value from column `key length + 7` on.
std::string pool(const std::string& line) {
    return "pools:\n  - model: m\n    " + line + "\n";
}

// One more line after a good pool.
std::string more(const std::string& lines) {
    return "pools: [{model: m}]\n" + lines + "\n";
}

}  // namespace

TEST_CASE("unknown keys, with the one that was meant") {
    check_all({
        {pool("worker: 3"),
         R"(c.yaml:3:5: pools[0].worker: unknown key "worker"; did you mean "workers"?)"},
        {pool("max-tokens: 3"),
         R"(c.yaml:3:5: pools[0].max-tokens: unknown key "max-tokens"; did you mean "max_tokens"?)"},
        {pool("gpu: 3"), R"(c.yaml:3:5: pools[0].gpu: unknown key "gpu")"},
        {pool("sampling: {top_k: 1, tpo_p: 1}"),
         R"(c.yaml:3:26: pools[0].sampling.tpo_p: unknown key "tpo_p"; did you mean "top_p"?)"},
        {"pool:\n  - model: m\n", R"(c.yaml:1:1: pool: unknown key "pool"; did you mean "pools"?)"},
        {more("listen: {tpc: {}}"),
         R"(c.yaml:2:10: listen.tpc: unknown key "tpc"; did you mean "tcp"?)"},
        {more("log:\n  level: info\n  File: x"), R"(c.yaml:4:3: log.File: unknown key "File")"},
        {more("\"a\\nb\": 1"), R"(c.yaml:2:1: "a\nb": unknown key "a\nb")"},
        {more("<<: {}"), R"(c.yaml:2:1: <<: unknown key "<<")"},
        {more("unsupported_sampling: reject"),
         R"(c.yaml:2:1: unsupported_sampling: unknown key "unsupported_sampling")"},
    });
}

TEST_CASE("duplicate keys") {
    check_all({
        {pool("model: n"), "c.yaml:3:5: pools[0].model: duplicate key, first given on line 2"},
        {more("queue: {}\nlog: {}\nqueue: {}"),
         "c.yaml:4:1: queue: duplicate key, first given on line 2"},
        {more("queue: {limit: 1, \"limit\": 2}"),
         "c.yaml:2:19: queue.limit: duplicate key, first given on line 2"},
        {pool("env: {A: 1, A: 2}"),
         "c.yaml:3:17: pools[0].env.A: duplicate key, first given on line 3"},
    });
}

TEST_CASE("wrong types") {
    const std::string whole = "expected auto or a whole number from 1 to 256, got ";
    check_all({
        {pool("workers: three"), "c.yaml:3:14: pools[0].workers: " + whole + "\"three\""},
        {pool("workers: 2.5"), "c.yaml:3:14: pools[0].workers: " + whole + "\"2.5\""},
        {pool("workers: \"\""), "c.yaml:3:14: pools[0].workers: " + whole + "\"\""},
        {pool("workers: 0x3"), "c.yaml:3:14: pools[0].workers: " + whole + "\"0x3\""},
        {pool("workers: [1]"), "c.yaml:3:14: pools[0].workers: " + whole + "a list"},
        {pool("workers: {a: 1}"), "c.yaml:3:14: pools[0].workers: " + whole + "a map of keys"},
        {pool("workers:"), "c.yaml:3:5: pools[0].workers: " + whole + "nothing"},
        {pool("workers: ~"), "c.yaml:3:5: pools[0].workers: " + whole + "nothing"},
        {pool("workers: \"3\\n4\""), "c.yaml:3:14: pools[0].workers: " + whole + "\"3\\n4\""},
        {pool("threads: all"),
         "c.yaml:3:14: pools[0].threads: expected auto or a whole number from 1 to 1024, got "
         "\"all\""},
        {pool("sampling: hot"),
         "c.yaml:3:15: pools[0].sampling: expected a map of keys, got \"hot\""},
        {pool("sampling: {temperature: hot}"),
         "c.yaml:3:29: pools[0].sampling.temperature: expected a number from 0 to 100, got "
         "\"hot\""},
        {pool("sampling: {temperature: .nan}"),
         "c.yaml:3:29: pools[0].sampling.temperature: expected a number from 0 to 100, got "
         "\".nan\""},
        {pool("sampling: {temperature: nan}"),
         "c.yaml:3:29: pools[0].sampling.temperature: expected a number from 0 to 100, got "
         "\"nan\""},
        {pool("extra_args: --mlock"),
         "c.yaml:3:17: pools[0].extra_args: expected a list, got \"--mlock\""},
        {pool("extra_args: [a, [b]]"),
         "c.yaml:3:21: pools[0].extra_args[1]: expected a text without NUL bytes, got a list"},
        {pool("env: [A]"), "c.yaml:3:10: pools[0].env: expected a map of keys, got a list"},
        {pool("unsupported_sampling: drop"),
         "c.yaml:3:27: pools[0].unsupported_sampling: expected one of ignore, reject, got "
         "\"drop\""},
        {more("log: {level: loud}"),
         "c.yaml:2:14: log.level: expected one of trace, debug, info, warn, error, got \"loud\""},
        {more("log: {content: yes}"),
         "c.yaml:2:16: log.content: expected true or false, got \"yes\""},
        {more("queue:"),
         "c.yaml:2:1: queue: expected a map of keys, got nothing; leave the key out to use its "
         "defaults"},
        {"pools: {model: m}", "c.yaml:1:8: pools: expected a list, got a map of keys"},
        {"pools: [m]", "c.yaml:1:9: pools[0]: expected a map of keys, got \"m\""},
        {"- a\n", "c.yaml:1:1: expected a map of keys, got a list"},
        {"just text\n", "c.yaml:1:1: expected a map of keys, got \"just text\""},
    });
}

TEST_CASE("impossible values") {
    const std::string duration =
        "expected a duration with its unit from 1ms to 24h (such as 250ms, 60s, 5m), got ";
    check_all({
        {pool("workers: 0"),
         "c.yaml:3:14: pools[0].workers: expected auto or a whole number from 1 to 256, got \"0\""},
        {pool("workers: -1"),
         "c.yaml:3:14: pools[0].workers: expected auto or a whole number from 1 to 256, got "
         "\"-1\""},
        {pool("workers: 4294967297"),
         "c.yaml:3:14: pools[0].workers: expected auto or a whole number from 1 to 256, got "
         "\"4294967297\""},
        {pool("context: 0"),
         "c.yaml:3:14: pools[0].context: expected a whole number from 2 to 16777216, got \"0\""},
        {pool("context: 512"),
         "c.yaml:2:5: pools[0].max_tokens: expected less than the context of 512 tokens, got "
         "\"512\""},
        {pool("max_tokens: 2048"),
         "c.yaml:3:17: pools[0].max_tokens: expected less than the context of 2048 tokens, got "
         "\"2048\""},
        {pool("threads: 0"),
         "c.yaml:3:14: pools[0].threads: expected auto or a whole number from 1 to 1024, got "
         "\"0\""},
        {pool("sampling: {top_p: 1.01}"),
         "c.yaml:3:23: pools[0].sampling.top_p: expected a number from 0 to 1, got \"1.01\""},
        {pool("sampling: {seed: 4294967296}"),
         "c.yaml:3:22: pools[0].sampling.seed: expected a whole number from -1 to 4294967295, got "
         "\"4294967296\""},
        {more("queue: {timeout: 60}"), "c.yaml:2:18: queue.timeout: " + duration + "\"60\""},
        {more("queue: {timeout: -1s}"), "c.yaml:2:18: queue.timeout: " + duration + "\"-1s\""},
        {more("queue: {timeout: 0s}"), "c.yaml:2:18: queue.timeout: " + duration + "\"0s\""},
        {more("queue: {timeout: 25h}"), "c.yaml:2:18: queue.timeout: " + duration + "\"25h\""},
        {more("restart: {initial: 61s}"),
         "c.yaml:2:20: restart.initial: expected at most restart.max (1m), got \"61s\""},
        {more("restart: {max: 100ms}"),
         "c.yaml:2:10: restart.initial: expected at most restart.max (100ms), got \"250ms\""},
        {more("http: {max_connections: 0}"),
         "c.yaml:2:25: http.max_connections: expected a whole number from 1 to 65536, got \"0\""},
    });
}

TEST_CASE("listeners that cannot be") {
    const std::string mode = "expected an octal file mode such as \"0660\", got ";
    check_all({
        {more("listen: {}"), "c.yaml:2:9: listen: there is no listener: give unix, tcp or both"},
        {more("listen: {unix: {mode: rw}}"), "c.yaml:2:23: listen.unix.mode: " + mode + "\"rw\""},
        {more("listen: {unix: {mode: 0680}}"),
         "c.yaml:2:23: listen.unix.mode: " + mode + "\"0680\""},
        {more("listen: {unix: {mode: 1777}}"),
         "c.yaml:2:23: listen.unix.mode: " + mode + "\"1777\""},
        {more("listen: {unix: {mode: 66}}"), "c.yaml:2:23: listen.unix.mode: " + mode + "\"66\""},
        {more("listen: {unix: {path: \"\"}}"),
         "c.yaml:2:23: listen.unix.path: expected a text of one line that is not empty, got \"\""},
        {more("listen: {unix: {path: /" + std::string(107, 'x') + "}}"),
         "c.yaml:2:23: listen.unix.path: the path of a Unix socket has at most 107 bytes, this one "
         "has 108"},
        {more("listen: {unix: {path: /" + std::string(106, 'x') + "}}"), "accepted"},
        {more("listen: {tcp: {port: 0}}"),
         "c.yaml:2:22: listen.tcp.port: expected a whole number from 1 to 65535, got \"0\""},
        {more("listen: {tcp: {port: 70000}}"),
         "c.yaml:2:22: listen.tcp.port: expected a whole number from 1 to 65535, got \"70000\""},
        {more("listen: {tcp: {address: localhost}}"),
         "c.yaml:2:25: listen.tcp.address: expected an IPv4 or IPv6 address such as 127.0.0.1 or "
         "::1, got \"localhost\""},
        {more("listen: {tcp: {address: 0.0.0.0}}"),
         "c.yaml:2:15: listen.tcp.api_key_file: an API key is needed to listen on \"0.0.0.0\", "
         "which other machines can reach"},
        {more("listen: {tcp: {address: \"::\", api_key_file: \"\"}}"),
         "c.yaml:2:45: listen.tcp.api_key_file: an API key is needed to listen on \"::\", which "
         "other machines can reach"},
        {more("listen: {tcp: {address: 0.0.0.0, api_key_file: k}}"), "accepted"},
        {more("listen: {tcp: {address: 127.1.2.3}}"), "accepted"},
        {more("listen: {tcp: {address: \"::1\"}}"), "accepted"},
    });
}

TEST_CASE("pools that cannot be") {
    check_all({
        {"queue: {}\n", "c.yaml:1:1: pools: at least one pool is needed"},
        {"pools: []\n", "c.yaml:1:8: pools: at least one pool is needed"},
        {"pools:\n  - name: a\n",
         "c.yaml:2:5: pools[0].model: a model is needed: the path of a GGUF file"},
        {"pools: [{model: ''}]",
         "c.yaml:1:17: pools[0].model: a model is needed: the path of a GGUF file"},
        {pool("name: \"\""),
         "c.yaml:3:11: pools[0].name: expected a text of one line that is not empty, got \"\""},
        {pool("name: \"a\\tb\""),
         "c.yaml:3:11: pools[0].name: expected a text of one line that is not empty, got "
         "\"a\\x09b\""},
        {"pools:\n  - {name: a, model: m}\n  - {name: b, model: m}\n  - {name: a, model: m}\n",
         "c.yaml:4:12: pools[2].name: \"a\" is already the name of pools[0]"},
        {pool("extra_args: [--mlock, -b, -c]"),
         "c.yaml:3:31: pools[0].extra_args[2]: \"-c\" is set by corral itself; use the key "
         "\"context\""},
        {pool("extra_args:\n      - --prompt"),
         "c.yaml:4:9: pools[0].extra_args[0]: \"--prompt\" would break corral's dialogue with "
         "llama-cli"},
        {pool("extra_args: [\"a\\0b\"]"),
         "c.yaml:3:18: pools[0].extra_args[0]: expected a text without NUL bytes, got \"a\\x00b\""},
        {pool("env: {A: 1, \"B=C\": 2}"),
         "c.yaml:3:24: pools[0].env.B=C: \"B=C\" is not the name of an environment variable"},
        {pool("env: {\"A.B\": 2}"),
         "c.yaml:3:18: pools[0].env.A.B: \"A.B\" is not the name of an environment variable"},
    });
}

TEST_CASE("variables in the wrong place") {
    check_all({
        {"pools:\n  - model: a${NOT_SET}b\n",
         "c.yaml:2:12: pools[0].model: the environment variable \"NOT_SET\" is not set"},
        {"pools:\n  - model: ${EMPTY}\n",
         "c.yaml:2:12: pools[0].model: a model is needed: the path of a GGUF file"},
        {"pools:\n  - model: ${SNEAKY}\n",
         "c.yaml:2:12: pools[0].model: expected a text of one line, got \"x\\nworkers: 9\""},
        {pool("extra_args: [\"${OPEN\"]"),
         "c.yaml:3:18: pools[0].extra_args[0]: \"${\" has no closing \"}\"; write $${ for a "
         "literal ${"},
        {pool("${MODEL}: 3"), "c.yaml:3:5: pools[0].${MODEL}: unknown key \"${MODEL}\""},
    });
}

TEST_CASE("lists are bounded") {
    std::string arguments, pools;
    for (int i = 0; i < 257; ++i) arguments += "a,";
    for (int i = 0; i < 65; ++i) pools += "{model: m},";
    check_all({
        {pool("extra_args: [" + arguments + "]"),
         "c.yaml:3:17: pools[0].extra_args: expected at most 256 items, got 257"},
        {"pools: [" + pools + "]", "c.yaml:1:8: pools: expected at most 64 items, got 65"},
    });
}
