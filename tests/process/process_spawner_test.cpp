// Real children (/bin/sh): what a forked process inherits, how it ends, what it leaves behind.
#include "ipc/process_spawner.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/use_future.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "async/clock.hpp"

using namespace corral;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 20s;  // a bound, not a wait: every test ends when its condition holds

Command shell(const std::string& script) {
    return {"/bin/sh", {"-c", script}, {}};
}

// Reads to the end; each read's bytes are one element.
awaitable<void> read_all(asio::readable_pipe& pipe, std::vector<std::string>& reads) {
    error_code ec;
    std::string bytes(4096, '\0');
    while (true) {
        const auto space = asio::buffer(bytes);
        const std::size_t size = co_await pipe.async_read_some(space, into(ec));
        if (ec) break;
        reads.push_back(bytes.substr(0, size));
    }
}

struct Ran {
    std::vector<std::string> output;
    std::vector<std::string> errors;
    std::optional<ExitStatus> status;
    std::string text() const {
        std::string all;
        for (const std::string& part : output) all += part;
        return all;
    }
};

awaitable<void> wait_for(Child& child, Ran& ran) {
    const ExitStatus status = co_await child.wait();
    ran.status = status;
}

struct World {
    asio::io_context io{1};
    ProcessSpawner spawner{io.get_executor()};

    Ran run(const Command& command) {
        const auto child = spawner.spawn(command);
        Ran ran;
        asio::co_spawn(io, read_all(child->output, ran.output), asio::use_future);
        asio::co_spawn(io, read_all(child->errors, ran.errors), asio::use_future);
        asio::co_spawn(io, wait_for(*child, ran), asio::use_future);
        io.restart();
        io.run_for(patience);
        return ran;
    }
    // Runs the loop until `done` holds.
    template <class Condition>
    bool until(Condition done) {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (!done() && std::chrono::steady_clock::now() < end) {
            io.restart();
            io.run_for(5ms);
        }
        return done();
    }
};

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
