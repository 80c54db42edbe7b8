#include "ipc/accounts.hpp"

#include <grp.h>
#include <pwd.h>

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

}  // namespace corral
