#include "ipc/confinement_entry.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>

namespace corral {
namespace {

constexpr int oom_score_above_ours = 500;
constexpr int oom_score_max = 1000;

bool write_file(const char* path, std::string_view text) {
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return false;
    const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const int error = errno;
    close(file);
    errno = error;
    return written;
}

bool raise_loopback() {
    const int any_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any_socket < 0) return false;
    ifreq request{};
    std::memcpy(request.ifr_name, "lo", sizeof "lo");
    request.ifr_flags = IFF_UP;
    const bool raised = ioctl(any_socket, SIOCSIFFLAGS, &request) == 0;
    const int error = errno;
    close(any_socket);
    errno = error;
    return raised;
}

// "1000 1000 1": we are nobody else inside.
std::string same_id(unsigned id) {
    return std::to_string(id) + " " + std::to_string(id) + " 1";
}

}  // namespace

ConfinementEntry::ConfinementEntry(const Confinement& confinement)
    : network_(confinement.network),
      privileges_(confinement.privileges),
      uid_map_(same_id(geteuid())),
      gid_map_(same_id(getegid())) {
    if (confinement.files) files_.emplace(confinement.read, confinement.devices);
}

const char* ConfinementEntry::enter_network() {
    if (!network_) return nullptr;
    if (unshare(CLONE_NEWNET) != 0) {
        if (errno != EPERM) return "network namespace";
        if (const char* failed = enter_user_namespace()) return failed;
    }
    return raise_loopback() ? nullptr : "loopback of the network namespace";
}

const char* ConfinementEntry::enter_user_namespace() {
    user_namespace_ = true;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return "network and user namespace";
    if (!write_file("/proc/self/setgroups", "deny") ||  // else the kernel takes no gid_map
        !write_file("/proc/self/uid_map", uid_map_) || !write_file("/proc/self/gid_map", gid_map_))
        return "ids of the user namespace";
    return nullptr;
}

const char* ConfinementEntry::drop_privileges() const {
    if (!privileges_) return nullptr;
    const rlimit none{0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0) return "no core dumps";
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? nullptr : "no new privileges";
}

const char* ConfinementEntry::forbid_files() const {
    return !files_ || files_->enforce() ? nullptr : "Landlock";
}

int child_oom_score() {
    int ours = 0;
    std::ifstream("/proc/self/oom_score_adj") >> ours;
    return std::min(ours + oom_score_above_ours, oom_score_max);
}

void raise_oom_score(int score) {
    char text[16];
    const auto [end, ec] = std::to_chars(text, text + sizeof text, score);
    write_file("/proc/self/oom_score_adj", {text, static_cast<std::size_t>(end - text)});
}

}  // namespace corral
