// What confined workers may reach and are told: pure parts and their decisions.
#include "supervisor/worker_confinement.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "supervisor/worker_files.hpp"

using namespace corral;

namespace {

const std::string model = CORRAL_SOURCE_DIR "/models/llama-rush.gguf";

ConfinementSupport full_support() {
    ConfinementSupport support;
    support.landlock_abi = 7;
    return support;
}

ConfinementSupport without_network() {
    ConfinementSupport support = full_support();
    support.no_network = "network and user namespace: Operation not permitted";
    return support;
}

bool contains(const std::vector<std::string>& paths, const std::string& path) {
    return std::ranges::count(paths, path) > 0;
}

PoolConfig pool_with(Confine wish) {
    PoolConfig pool;
    pool.confine = wish;
    return pool;
}

}  // namespace

TEST_CASE("of the environment, confined workers get what they need to run") {
    const char* const entries[] = {"PATH=/bin",
                                   "HOME=/root",
                                   "LC_ALL=C",
                                   "CUDA_VISIBLE_DEVICES=0",
                                   "OMP_NUM_THREADS=1",
                                   "GPU_VISIBLE_DEVICES=1",
                                   "GGML_X=a=b",
                                   "LLAMA_ARG_MODEL=x",
                                   "LLAMA_API_KEY=k",
                                   "HF_TOKEN=t",
                                   "CREDENTIALS_DIRECTORY=/run",
                                   "LISTEN_FDS=1",
                                   "NOTIFY_SOCKET=/run",
                                   "LD_PRELOAD=x.so",
                                   "nonsense",
                                   nullptr};
    CHECK(worker_environment(entries) == Environment{{"PATH", "/bin"},
                                                     {"HOME", "/root"},
                                                     {"LC_ALL", "C"},
                                                     {"CUDA_VISIBLE_DEVICES", "0"},
                                                     {"OMP_NUM_THREADS", "1"},
                                                     {"GPU_VISIBLE_DEVICES", "1"},
                                                     {"GGML_X", "a=b"}});
}

TEST_CASE("a model in parts is all of its parts") {
    CHECK(model_parts("/m/a-00002-of-00003.gguf") ==
          std::vector<std::string>{"/m/a-00001-of-00003.gguf", "/m/a-00002-of-00003.gguf",
                                   "/m/a-00003-of-00003.gguf"});
    CHECK(model_parts("/m/a.gguf").empty());
    CHECK(model_parts("/m/a-1-of-3.gguf").empty());
}

TEST_CASE("a program in a bin comes with the libraries beside it, any other with its folder") {
    CHECK(program_folders("/usr/bin/env") ==
          std::vector<std::string>{"/usr/bin", "/usr/lib", "/usr/lib64", "/usr/libexec"});
    CHECK(program_folders(model) ==
          std::vector<std::string>{std::filesystem::path(model).parent_path().string()});
    CHECK(program_folders("/no/such/program").empty());
}

TEST_CASE("files that the command line and the environment name can be read") {
    const auto has = [](const std::string& argument) {
        return contains(readable_paths({"/usr/bin/env", {"-x", argument}, {}}), model);
    };
    CHECK(has(model));
    CHECK(has("--lora=" + model));
    CHECK(has("/none," + model + ",/neither"));
    CHECK(has(model + ":0.5"));
    CHECK_FALSE(has(model + "x"));
    const Command command{"/usr/bin/env", {}, {{"LD_LIBRARY_PATH", "/opt/a:/opt/b"}, {"X", model}}};
    const std::vector<std::string> paths = readable_paths(command);
    for (const std::string path : {"/opt/a", "/opt/b", "/usr", "/proc/cpuinfo"})
        CHECK(contains(paths, path));
    CHECK(contains(paths, model));
    for (const std::string path : {"/", "/etc", "/proc", "/root", "/home", "/tmp"})
        CHECK_FALSE(contains(paths, path));
}

TEST_CASE("a command is confined as the pool wishes and the kernel allows") {
    Command command{"/usr/bin/env", {"-m", model}, {{"A", "own"}}};
    const Environment inherited{{"A", "inherited"}, {"PATH", "/bin"}};
    SUBCASE("off") {
        confine(command, pool_with(Confine::off), full_support(), inherited);
        CHECK(command.inherit_environment);
        CHECK_FALSE(command.confinement.network);
        CHECK_FALSE(command.confinement.files);
        CHECK_FALSE(command.confinement.privileges);
    }
    SUBCASE("auto") {
        confine(command, pool_with(Confine::automatic), without_network(), inherited);
        CHECK_FALSE(command.inherit_environment);
        CHECK(command.extra_environment == Environment{{"A", "own"}, {"PATH", "/bin"}});
        CHECK_FALSE(command.confinement.network);
        CHECK(command.confinement.files);
        CHECK(command.confinement.privileges);
        CHECK(contains(command.confinement.read, model));
    }
    SUBCASE("required") {
        PoolConfig pool = pool_with(Confine::required);
        CHECK_THROWS_WITH(confine(command, pool, without_network(), inherited),
                          "pool default: confine is required, but cannot be done here: own network "
                          "namespace (network and user namespace: Operation not permitted)");
        confine(command, pool, full_support(), inherited);
        CHECK(command.confinement.network);
    }
    SUBCASE("with more paths") {
        PoolConfig pool = pool_with(Confine::automatic);
        pool.confine_read = {"/etc/passwd"};
        pool.confine_devices = {"/dev/zero"};
        confine(command, pool, full_support(), inherited);
        CHECK(contains(command.confinement.read, "/etc/passwd"));
        CHECK(contains(command.confinement.devices, "/dev/zero"));
        pool.confine_devices = {"/dev/no-such"};
        CHECK_THROWS_WITH(confine(command, pool, full_support(), inherited),
                          "pool default: confine_devices: cannot use /dev/no-such: No such file or "
                          "directory");
    }
}

TEST_CASE("the log tells what is in force") {
    CHECK(describe_confinement(Confine::automatic, full_support()) ==
          "confined: own network namespace, read-only files (Landlock ABI 7), no new privileges, "
          "no core dumps");
    CHECK(describe_confinement(Confine::automatic, without_network()) ==
          "confined: read-only files (Landlock ABI 7), no new privileges, no core dumps; not in "
          "force: own network namespace (network and user namespace: Operation not permitted)");
    CHECK(describe_confinement(Confine::off, full_support()) == "not confined");
}
