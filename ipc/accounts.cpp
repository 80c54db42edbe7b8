#include "ipc/accounts.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <stdexcept>

namespace corral {
namespace {

std::optional<unsigned> number_of(const std::string& text) {
    unsigned value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

}  // namespace

uid_t uid_of(const std::string& name_or_number) {
    if (const auto number = number_of(name_or_number)) return *number;
    if (const passwd* found = getpwnam(name_or_number.c_str())) return found->pw_uid;
    throw std::runtime_error("there is no user '" + name_or_number +
                             "' on this machine; correct listen.unix in the configuration");
}

gid_t gid_of(const std::string& name_or_number) {
    if (const auto number = number_of(name_or_number)) return *number;
    if (const group* found = getgrnam(name_or_number.c_str())) return found->gr_gid;
    throw std::runtime_error("there is no group '" + name_or_number +
                             "' on this machine; correct listen.unix in the configuration");
}

bool may_access(const std::string& user, const std::string& path, int how) {
    const uid_t uid = uid_of(user);
    const passwd* const account = getpwuid(uid);
    const gid_t gid = account ? account->pw_gid : uid;
    const std::string name = account ? account->pw_name : user;
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("no process could be made to become user " + user);
    if (child == 0) {
        const bool became =
            initgroups(name.c_str(), gid) == 0 && setgid(gid) == 0 && setuid(uid) == 0;
        _exit(became && access(path.c_str(), how) == 0 ? 0 : 1);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace corral
