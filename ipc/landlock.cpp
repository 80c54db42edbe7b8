#include "ipc/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace corral {
namespace {

// As in the kernel's own header since Linux 6.12; an older kernel takes it with zeros at the end.
struct RulesetAttributes {
    std::uint64_t handled_access_fs;
    std::uint64_t handled_access_net;
    std::uint64_t scoped;
};

constexpr std::uint64_t access_first_version = LANDLOCK_ACCESS_FS_REFER - 1;
constexpr std::uint64_t access_truncate = 1U << 14;
constexpr std::uint64_t access_ioctl_dev = 1U << 15;
constexpr std::uint64_t scope_abstract_socket = 1U << 0;
constexpr std::uint64_t scope_signal = 1U << 1;

constexpr std::uint64_t to_read =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
constexpr std::uint64_t to_use = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                                 LANDLOCK_ACCESS_FS_WRITE_FILE | access_ioctl_dev;

// The ones that the kernel refuses in a rule for a file that is no folder.
constexpr std::uint64_t for_folders_only = LANDLOCK_ACCESS_FS_READ_DIR;

std::uint64_t accesses_known(int abi) {
    std::uint64_t known = access_first_version;
    if (abi >= 2) known |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3) known |= access_truncate;
    if (abi >= 5) known |= access_ioctl_dev;
    return known;
}

bool add_rule(int ruleset, int file, std::uint64_t access) {
    const landlock_path_beneath_attr rule{access, file};
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

std::system_error failure(const std::string& what) {
    return {errno, std::generic_category(), what};
}

}  // namespace

int landlock_abi() {
    const long abi =
        syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi < 0 ? 0 : static_cast<int>(abi);
}

LandlockRules::LandlockRules(const std::vector<std::string>& read,
                             const std::vector<std::string>& devices) {
    const int abi = landlock_abi();
    handled_ = accesses_known(abi);
    const RulesetAttributes attributes{handled_, 0,
                                       abi >= 6 ? scope_abstract_socket | scope_signal : 0};
    ruleset_ =
        static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
    if (ruleset_ < 0) throw failure("Landlock");
    try {
        for (const std::string& path : read) allow(path, to_read);
        for (const std::string& path : devices) allow(path, to_use);
    } catch (...) {
        close(ruleset_);
        throw;
    }
}

LandlockRules::~LandlockRules() {
    close(ruleset_);
}

void LandlockRules::allow(const std::string& path, std::uint64_t access) {
    const int file = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (file < 0) return;  // not there, or as closed to the child as it is to us
    struct stat status {};
    const bool known = fstat(file, &status) == 0;
    if (!S_ISDIR(status.st_mode)) access &= ~for_folders_only;
    const bool added = known && add_rule(ruleset_, file, access & handled_);
    const int error = errno;
    close(file);
    errno = error;
    if (!added) throw failure("Landlock: " + path);
}

bool LandlockRules::enforce() const {
    const int self = open("/proc/self", O_PATH | O_CLOEXEC);
    if (self >= 0) {
        const bool added = add_rule(ruleset_, self, to_read & handled_);
        close(self);
        if (!added) return false;
    }
    return syscall(SYS_landlock_restrict_self, ruleset_, 0) == 0;
}

}  // namespace corral
