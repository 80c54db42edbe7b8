// Real confined children (bash, which can connect): what they cannot reach, what they still can,
// and that a child whose confinement fails does not run. As root also as nobody, who needs a user
// namespace for it.
#include "ipc/confinement.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tests/process/child_world.hpp"

using namespace corral;
using namespace corral::test;

namespace {

constexpr uid_t nobody = 65534;

// Of the system only, as ipc knows nothing of what llama-cli needs.
Command confined(const std::string& script) {
    Command command{"/bin/bash", {"-c", script}, {}};
    command.confinement.network = command.confinement.files = command.confinement.privileges = true;
    command.confinement.read = {"/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache"};
    command.confinement.devices = {"/dev/null"};
    return command;
}

std::string output_of(const Command& command) {
    return World().run(command).text();
}

// Listens on a free port of the host's loopback for as long as it lives.
class HostListener {
  public:
    HostListener() {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(bind(socket_, generic, size) == 0);
        REQUIRE(listen(socket_, 8) == 0);
        REQUIRE(getsockname(socket_, generic, &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    HostListener(const HostListener&) = delete;
    ~HostListener() { close(socket_); }
    std::string connecting() const {
        return "(exec 3<>/dev/tcp/127.0.0.1/" + std::to_string(port_) +
               ") 2>/dev/null && echo connected || echo refused";
    }

  private:
    int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unsigned port_ = 0;
};

}  // namespace

TEST_CASE("confined: no network but a loopback of its own") {
    const HostListener host;
    CHECK(output_of({"/bin/bash", {"-c", host.connecting()}, {}}) == "connected\n");
    CHECK(output_of(confined(host.connecting())) == "refused\n");
    // Its loopback is up: where nobody listens, a connection is refused by itself.
    const std::string error = output_of(confined("exec 2>&1; : 3<>/dev/tcp/127.0.0.1/9"));
    CHECK_MESSAGE(error.find("Connection refused") != error.npos, error);
    CHECK(output_of(confined("while read -r name rest; do case $name in *:) echo $name; esac; "
                             "done < /proc/$$/net/dev")) == "lo:\n");
}

TEST_CASE("confined: reads what is named and nothing else") {
    CHECK(output_of(confined("cat /etc/hostname /etc/passwd 2>&1 | grep -c denied")) == "2\n");
    CHECK(output_of(confined("ls / /root /tmp /proc 2>/dev/null; echo end")) == "end\n");
    CHECK(output_of(confined("cat /proc/$PPID/environ 2>/dev/null; echo end")) == "end\n");
    Command command = confined("read -r line < /etc/passwd && echo read");
    command.confinement.read.push_back("/etc/passwd");
    command.confinement.read.push_back("/no/such/file");
    CHECK(output_of(command) == "read\n");
}

TEST_CASE("confined: writes nowhere but to the devices that are named") {
    CHECK(output_of(confined("for folder in / /tmp /var/tmp /dev/shm /usr . $HOME; do "
                             "(: > $folder/corral-test) 2>/dev/null && echo $folder; "
                             "mkdir $folder/corral-test 2>/dev/null && echo $folder; done; "
                             "echo nowhere > /dev/null && echo end")) == "end\n");
}

TEST_CASE("confined: no new privileges, no core dumps, no descriptor but its three") {
    CHECK(output_of(confined("ulimit -Sc; ulimit -Hc")) == "0\n0\n");
    CHECK(output_of(confined("while read -r name value; do [ $name = NoNewPrivs: ] && "
                             "echo $value; done < /proc/$$/status")) == "1\n");
    const int leak = open("/dev/null", O_RDONLY);
    CHECK(output_of(confined("for name in {3..40}; do (: >&$name) 2>/dev/null && "
                             "echo $name; done; echo end")) == "end\n");
    close(leak);
}

TEST_CASE("confined: sends no signal to others") {
    CHECK(output_of(shell("kill -0 $PPID && echo sent")) == "sent\n");
    CHECK(output_of(confined("kill -0 $PPID 2>/dev/null && echo sent; kill -0 $$ && echo own")) ==
          "own\n");
}

TEST_CASE("confined: the environment is what was given") {
    setenv("CORRAL_TEST_SECRET", "secret", 1);
    Command command{"/usr/bin/env", {}, {{"GIVEN", "yes"}}};
    command.inherit_environment = false;
    CHECK(output_of(command) == "GIVEN=yes\n");
    unsetenv("CORRAL_TEST_SECRET");
}

TEST_CASE("confined: still ends with its parent and by a signal to its group") {
    World world;
    const auto child = world.spawner.spawn(confined("sleep 1000 & echo $!; wait"));
    std::vector<std::string> reads;
    Ran ran;
    asio::co_spawn(world.io, read_all(child->output, reads), asio::use_future);
    asio::co_spawn(world.io, wait_for(*child, ran), asio::use_future);
    REQUIRE(world.until([&] { return !reads.empty(); }));
    child->signal_group(SIGTERM);
    CHECK(world.until([&] { return ran.status.has_value(); }));
    CHECK(ran.status->describe() == "signal 15 (Terminated)");
}

TEST_CASE("a child is killed before us when memory runs out") {
    int ours = 0;
    std::ifstream("/proc/self/oom_score_adj") >> ours;
    const std::string expected = std::to_string(std::min(ours + 500, 1000)) + "\n";
    CHECK(output_of(shell("cat /proc/self/oom_score_adj")) == expected);
    CHECK(output_of(confined("cat /proc/$$/oom_score_adj")) == expected);
}

TEST_CASE("the probe tells of this kernel what the tests above rely on") {
    const ConfinementSupport support = probe_confinement();
    CHECK(support.no_network.value_or("") == "");
    CHECK(support.no_files.value_or("") == "");
    CHECK(support.no_privileges.value_or("") == "");
    CHECK(support.landlock_abi > 0);
    CHECK(support.user_namespace == (geteuid() != 0));
}

TEST_CASE("a child that cannot be confined does not run") {
    const pid_t middle = fork();
    if (middle == 0) {
        // As on a machine that forbids network namespaces; our rights in a user namespace of our
        // own are enough to say so.
        if (unshare(CLONE_NEWUSER) != 0) _exit(2);
        std::ofstream("/proc/sys/user/max_net_namespaces") << "0" << std::flush;
        const Ran ran = World().run(confined("echo ran"));
        const std::string reason =
            "corral: not confined: network namespace: No space left on device\n";
        const bool refused = ran.text().empty() && ran.errors_text() == reason && ran.status &&
                             ran.status->describe() == "exit code 126";
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    waitpid(middle, &status, 0);
    CHECK(status == 0);
}

TEST_CASE("all of it as a user without rights") {
    if (geteuid() != 0) return;
    // Opened now: the folders on the way to it may be closed to that user.
    const int program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    const pid_t child = fork();
    if (child == 0) {
        const char* const arguments[] = {"process_tests", "--test-case=confined*,the probe*",
                                         nullptr};
        if (setgroups(0, nullptr) == 0 && setgid(nobody) == 0 && setuid(nobody) == 0)
            execveat(program, "", const_cast<char**>(arguments), environ, AT_EMPTY_PATH);
        _exit(127);
    }
    close(program);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
}
