// Real children (/bin/sh): what a forked process inherits, how it ends, what it leaves behind.
#include "ipc/process_spawner.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "tests/process/child_world.hpp"

using namespace corral;
using namespace corral::test;
using namespace std::chrono_literals;

namespace {

// Alive and no zombie.
bool runs(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(stat, text)) return false;
    return text[text.rfind(')') + 2] != 'Z';
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator folder("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

}  // namespace

TEST_CASE("output, errors and exit code come back") {
    const Ran ran = World().run(shell("echo out; echo err >&2; exit 3"));
    CHECK(ran.text() == "out\n");
    REQUIRE(ran.errors.size() == 1);
    CHECK(ran.errors[0] == "err\n");
    REQUIRE(ran.status);
    CHECK(ran.status->describe() == "exit code 3");
    CHECK_FALSE(ran.status->clean());
}

TEST_CASE("a death by signal is told from an exit code") {
    CHECK(World().run(shell("kill -9 $$")).status->describe() == "signal 9 (Killed)");
    CHECK(World().run(shell("exit 9")).status->describe() == "exit code 9");
    CHECK(World().run(shell("exit 0")).status->clean());
}

TEST_CASE("each write of a child is one read, also when several are waiting") {
    const Ran ran = World().run(shell("printf 1; printf ' 2'; printf ' 3'"));
    CHECK(ran.output == std::vector<std::string>{"1", " 2", " 3"});
}

TEST_CASE("a child has no descriptor but its three, no blocked and no ignored signal") {
    const int leak = open("/dev/null", O_RDONLY);  // not close-on-exec
    REQUIRE(leak > 2);
    std::signal(SIGPIPE, SIG_IGN);
    const Ran fds = World().run(shell("ls /proc/$$/fd; true"));
    CHECK(fds.text() == "0\n1\n2\n");
    const Ran signals = World().run({"/bin/grep", {"-E", "Sig(Blk|Ign)", "/proc/self/status"}, {}});
    CHECK(signals.text() == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
    std::signal(SIGPIPE, SIG_DFL);
    close(leak);
}

TEST_CASE("the environment is ours with the command's own on top") {
    setenv("CORRAL_TEST_A", "outer", 1);
    setenv("CORRAL_TEST_B", "outer", 1);
    Command command = shell("echo $CORRAL_TEST_A $CORRAL_TEST_B");
    command.extra_environment = {{"CORRAL_TEST_B", "inner"}};
    CHECK(World().run(command).text() == "outer inner\n");
}

TEST_CASE("a program that cannot be run is an error that names it") {
    World world;
    for (const auto& [program, reason] : std::vector<std::pair<std::string, std::string>>{
             {"/no/such/program", "No such file or directory"},
             {"/etc/passwd", "Permission denied"}}) {
        try {
            world.spawner.spawn({program, {}, {}});
            FAIL("spawned " << program);
        } catch (const SpawnError& error) {
            CHECK(std::string(error.what()) == "cannot run " + program + ": " + reason);
        }
    }
}

TEST_CASE("a file that is executable but no program is an error too") {
    const auto path = std::filesystem::temp_directory_path() /
                      ("corral-test-" + std::to_string(getpid()) + ".bin");
    std::ofstream(path) << "\x7f"
                        << "ELF but not really";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    World world;
    CHECK_THROWS_WITH_AS(world.spawner.spawn({path.string(), {}, {}}),
                         ("cannot run " + path.string() + ": Exec format error").c_str(),
                         SpawnError);
    std::filesystem::remove(path);
}

TEST_CASE("a signal reaches the whole group, grandchildren too") {
    World world;
    const auto child = world.spawner.spawn(shell("sleep 1000 & echo $!; wait"));
    std::vector<std::string> reads;
    Ran ran;
    asio::co_spawn(world.io, read_all(child->output, reads), asio::use_future);
    asio::co_spawn(world.io, wait_for(*child, ran), asio::use_future);
    REQUIRE(world.until([&] { return !reads.empty(); }));
    const pid_t grandchild = std::stoi(reads[0]);
    CHECK(runs(grandchild));
    child->signal_group(SIGKILL);
    CHECK(world.until([&] { return ran.status && !runs(grandchild); }));
    CHECK(ran.status->describe() == "signal 9 (Killed)");
}

TEST_CASE("destroying a child kills it") {
    World world;
    auto child = world.spawner.spawn(shell("exec sleep 1000"));
    const pid_t pid = child->pid();
    child.reset();
    CHECK(world.until([&] { return !runs(pid); }));
    waitpid(pid, nullptr, 0);
}

TEST_CASE("a child does not outlive the process that spawned it") {
    int pid_pipe[2];
    REQUIRE(pipe(pid_pipe) == 0);
    const pid_t middle = fork();
    if (middle == 0) {
        asio::io_context io;
        ProcessSpawner spawner(io.get_executor());
        const auto child = spawner.spawn(shell("exec sleep 1000"));
        const pid_t pid = child->pid();
        if (write(pid_pipe[1], &pid, sizeof pid) != sizeof pid) _exit(1);
        kill(getpid(), SIGKILL);
    }
    pid_t orphan = 0;
    REQUIRE(read(pid_pipe[0], &orphan, sizeof orphan) == sizeof orphan);
    waitpid(middle, nullptr, 0);
    World world;
    CHECK(world.until([&] { return !runs(orphan); }));
    close(pid_pipe[0]);
    close(pid_pipe[1]);
}

TEST_CASE("spawning leaves no descriptor behind") {
    World world;
    world.run(shell("true"));
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 20; ++i) world.run(shell("true"));
    CHECK(open_descriptors() == before);
}
