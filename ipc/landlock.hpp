// The kernel's Landlock, by its bare system calls: the C library has no names for them, and
// Debian 12's headers know the first two versions of its interface only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace corral {

// The version of the interface; 0 if this kernel has none or it is turned off, errno set.
int landlock_abi();

// What a process may still do with files: read and run those named, use the devices named. Also,
// where the kernel knows how (version 6): no signals to processes outside.
class LandlockRules {
  public:
    // Throws std::system_error.
    LandlockRules(const std::vector<std::string>& read, const std::vector<std::string>& devices);
    LandlockRules(LandlockRules&&) = delete;
    ~LandlockRules();

    // In the process itself, for good: its own folder of /proc is added first, which does not exist
    // before the process does. Needs no_new_privs. False with errno set.
    bool enforce() const;

  private:
    void allow(const std::string& path, std::uint64_t access);
    int ruleset_;
    std::uint64_t handled_;
};

}  // namespace corral
