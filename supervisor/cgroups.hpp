// The control groups that this process is in: its own and those above it, whose limits hold for it
// as well (cgroups(7)).
#pragma once

#include <filesystem>
#include <functional>
#include <string>

namespace corral {

// Calls `look` with the folder of each group that has a say about `controller` ("cpu", "memory"),
// from our own upwards, and with whether its files are those of version 2.
void each_cgroup(const std::string& controller,
                 const std::function<void(const std::filesystem::path& folder, bool v2)>& look);

}  // namespace corral
