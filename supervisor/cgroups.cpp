#include "supervisor/cgroups.hpp"

#include <fstream>

namespace corral {

void each_cgroup(const std::string& controller,
                 const std::function<void(const std::filesystem::path& folder, bool v2)>& look) {
    const std::filesystem::path root = "/sys/fs/cgroup";
    std::ifstream groups("/proc/self/cgroup");
    for (std::string line; std::getline(groups, line);) {
        const std::size_t controllers = line.find(':') + 1;
        const std::size_t path_at = line.find(':', controllers) + 1;
        const std::string names = line.substr(controllers, path_at - controllers - 1);
        const bool v2 = names.empty();
        if (!v2 && ("," + names + ",").find("," + controller + ",") == std::string::npos) continue;
        const std::filesystem::path mount = v2 ? root : root / controller;
        std::filesystem::path group = std::filesystem::path(line.substr(path_at)).relative_path();
        while (true) {
            look(mount / group, v2);
            if (group.empty()) break;
            group = group.parent_path();
        }
    }
}

}  // namespace corral
