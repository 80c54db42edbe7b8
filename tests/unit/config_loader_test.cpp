// What the loader accepts, and how it reads files.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/unit/config_walk.hpp"

using namespace corral;
using namespace corral::test;
namespace fs = std::filesystem;

namespace {

class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string name = (fs::temp_directory_path() / "corral-config-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() { fs::remove_all(path_); }

    std::string file(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
        return (path_ / name).string();
    }
    std::string path() const { return path_.string(); }

  private:
    fs::path path_;
};

std::string load_error(const std::string& path) {
    try {
        load_config(path);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("a model is all that a file needs") {
    Config expected;
    expected.pools.emplace_back().model = "m.gguf";
    CHECK(flatten(parse("pools:\n  - model: m.gguf\n")) == flatten(expected));
    CHECK(flatten(parse("pools: [{model: m.gguf}]")) == flatten(expected));
    CHECK(flatten(parse("{\"pools\": [{\"model\": \"m.gguf\"}]}")) == flatten(expected));
    CHECK(flatten(parse("\xef\xbb\xbf---\r\npools:\r\n- model: 'm.gguf'\r\n...\r\n")) ==
          flatten(expected));
}

TEST_CASE("every key is read into its field") {
    const Config config = parse(R"(
listen:
  unix: {path: /tmp/s, mode: 600}
  tcp: {address: "::1", port: 65535, api_key_file: /etc/keys}
pools:
  - name: a
    model: a.gguf
    llama_cli: /opt/llama-cli
    workers: 256
    context: 4096
    max_tokens: 4095
    threads: 1024
    sampling: {temperature: 0.7, top_k: 0, top_p: 1, min_p: 0, repeat_penalty: 1.1, seed: -1}
    unsupported_sampling: reject
    prompt_cache_mib: 0
    extra_args: ["--mlock", "-fa", "on", ""]
    env: {OMP_NUM_THREADS: 1, EMPTY: ""}
    confine: required
    confine_read: [/opt/a, b]
    confine_devices: [/dev/gpu]
  - {name: b, model: b.gguf, threads: auto}
queue: {limit: 0, timeout: 1ms}
timeouts: {start: 10m, request: 24h, cancel: 1.5s, drain: 0s, client_write: 1s}
restart: {initial: 1s, max: 1s}
health: {interval: 1m, timeout: 2s}
http:
  {max_connections: 1, max_body_kib: 1048576, header_timeout: 1s, body_timeout: 2s,
   idle_timeout: 3s}
log: {level: trace, content: true}
)");
    const Flat flat = flatten(config);
    const Flat expected{
        {"listen.unix.path", "/tmp/s"},
        {"listen.unix.mode", "0600"},
        {"listen.tcp.address", "::1"},
        {"listen.tcp.port", "65535"},
        {"listen.tcp.api_key_file", "/etc/keys"},
        {"pools[0].name", "a"},
        {"pools[0].model", "a.gguf"},
        {"pools[0].llama_cli", "/opt/llama-cli"},
        {"pools[0].workers", "256"},
        {"pools[0].context", "4096"},
        {"pools[0].max_tokens", "4095"},
        {"pools[0].threads", "1024"},
        {"pools[0].sampling.temperature", "0.7"},
        {"pools[0].sampling.top_k", "0"},
        {"pools[0].sampling.top_p", "1"},
        {"pools[0].sampling.min_p", "0"},
        {"pools[0].sampling.repeat_penalty", "1.1"},
        {"pools[0].sampling.seed", "-1"},
        {"pools[0].unsupported_sampling", "reject"},
        {"pools[0].prompt_cache_mib", "0"},
        {"pools[0].extra_args", "<--mlock><-fa><on><>"},
        {"pools[0].env", "<EMPTY=><OMP_NUM_THREADS=1>"},
        {"pools[0].confine", "required"},
        {"pools[0].confine_read", "</opt/a><b>"},
        {"pools[0].confine_devices", "</dev/gpu>"},
        {"queue.limit", "0"},
        {"queue.timeout", "1ms"},
        {"timeouts.start", "10m"},
        {"timeouts.request", "24h"},
        {"timeouts.cancel", "1500ms"},
        {"timeouts.drain", "0s"},
        {"timeouts.client_write", "1s"},
        {"restart.initial", "1s"},
        {"restart.max", "1s"},
        {"health.interval", "1m"},
        {"health.timeout", "2s"},
        {"http.max_connections", "1"},
        {"http.max_body_kib", "1048576"},
        {"http.header_timeout", "1s"},
        {"http.body_timeout", "2s"},
        {"http.idle_timeout", "3s"},
        {"log.level", "trace"},
        {"log.content", "true"},
    };
    for (const auto& [key, value] : expected) {
        CAPTURE(key);
        REQUIRE(flat.contains(key));
        CHECK(flat.at(key) == value);
    }
    CHECK(config.pools.size() == 2);
    CHECK_FALSE(config.pools[1].threads.has_value());
}

TEST_CASE("a listen section turns on what it names and nothing else") {
    const std::string pools = "pools: [{model: m}]\n";
    const Config neither = parse(pools);
    CHECK(neither.listen.unix_socket.has_value());
    CHECK_FALSE(neither.listen.tcp.has_value());

    const Config tcp = parse(pools + "listen: {tcp: {}}");
    CHECK_FALSE(tcp.listen.unix_socket.has_value());
    REQUIRE(tcp.listen.tcp.has_value());
    CHECK(tcp.listen.tcp->port == 8080);

    const Config both = parse(pools + "listen: {tcp: {port: 1}, unix: {}}");
    CHECK(both.listen.tcp->port == 1);
    CHECK(both.listen.unix_socket->path == "/run/corral/corral.sock");
    CHECK(both.listen.unix_socket->mode == 0660);
}

TEST_CASE("variables stand in values of every kind and bring in no structure") {
    const Config config = parse(R"(
pools:
  - model: ${MODEL}
    workers: ${WORKERS}
    extra_args: ["--lora", "${MODEL}.lora", "$${MODEL}"]
    env: {A: "${SNEAKY}", B: "${NULL_WORD}", C: "${EMPTY}"}
)");
    const PoolConfig& pool = config.pools.at(0);
    CHECK(pool.model == "/srv/model.gguf");
    CHECK(pool.workers == 7);
    CHECK(pool.extra_args ==
          std::vector<std::string>{"--lora", "/srv/model.gguf.lora", "${MODEL}"});
    CHECK(pool.env.at("A") == "x\nworkers: 9");
    CHECK(pool.env.at("B") == "null");
    CHECK(pool.env.at("C").empty());
}

TEST_CASE("without a lookup of its own the loader takes the process environment") {
    REQUIRE(setenv("CORRAL_CONFIG_TEST_MODEL", "from-env.gguf", 1) == 0);
    const Config config = parse_config("pools: [{model: \"${CORRAL_CONFIG_TEST_MODEL}\"}]", "c");
    unsetenv("CORRAL_CONFIG_TEST_MODEL");
    CHECK(config.pools.at(0).model == "from-env.gguf");
}

TEST_CASE("pools may share values through an alias") {
    const Config config = parse(R"(
pools:
  - {name: a, model: m, sampling: &warm {temperature: 0.5, seed: 7}}
  - {name: b, model: m, sampling: *warm}
)");
    CHECK(config.pools.at(1).sampling.temperature == 0.5);
    CHECK(config.pools.at(1).sampling.seed == 7);
}

TEST_CASE("a file is read, and named in its errors as it was given") {
    const TemporaryDirectory directory;
    CHECK(load_config(directory.file("good.yaml", "pools: [{model: m}]")).pools.size() == 1);
    const std::string bad = directory.file("bad.yaml", "pools:\n  - model: m\n    workers: no\n");
    CHECK(load_error(bad) ==
          bad +
              ":3:14: pools[0].workers: expected auto or a whole number from 1 to 256, got \"no\"");
}

TEST_CASE("files that cannot be read") {
    const TemporaryDirectory directory;
    const std::string missing = directory.path() + "/missing.yaml";
    CHECK(load_error(missing) == missing + ": cannot open: No such file or directory");
    CHECK(load_error(directory.path()) == directory.path() + ": cannot read: Is a directory");
    CHECK(load_error("") == ": cannot open: No such file or directory");

    const std::string locked = directory.file("locked.yaml", "pools: [{model: m}]");
    REQUIRE(chmod(locked.c_str(), 0) == 0);
    if (geteuid() != 0) CHECK(load_error(locked) == locked + ": cannot open: Permission denied");

    const std::string empty = directory.file("empty.yaml", "");
    CHECK(load_error(empty) == empty + ":1:1: the file is empty; at least \"pools\" is needed");
}

TEST_CASE("the size of a file is bounded") {
    const TemporaryDirectory directory;
    const std::string text = "pools: [{model: m}]\n";
    const std::string full = text + std::string(1024 * 1024 - text.size(), '#');
    CHECK(load_config(directory.file("full.yaml", full)).pools.size() == 1);
    const std::string over = directory.file("over.yaml", full + "#");
    CHECK(load_error(over) == over + ": larger than 1 MiB, too large for a configuration");
    CHECK(load_error("/dev/zero") == "/dev/zero: larger than 1 MiB, too large for a configuration");
}
