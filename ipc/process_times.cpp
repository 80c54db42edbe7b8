#include "ipc/process_times.hpp"

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace corral {
namespace {

// A wrapper script around llama-cli has a child or two; whatever has more is not looked at in full.
constexpr std::size_t processes_max = 64;

// The fields of a stat file from the third on; the name before may hold spaces and parentheses.
std::istringstream fields_of(const std::filesystem::path& folder) {
    std::ifstream file(folder / "stat");
    std::string line;
    std::getline(file, line);
    return std::istringstream(line.substr(std::min(line.rfind(')') + 1, line.size())));
}

std::optional<long> ticks_of(const std::filesystem::path& folder) {
    std::istringstream fields = fields_of(folder);
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    long own_user = 0, own_system = 0, reaped_user = 0, reaped_system = 0;
    if (!(fields >> own_user >> own_system >> reaped_user >> reaped_system)) return std::nullopt;
    return own_user + own_system + reaped_user + reaped_system;
}

// False if the threads of the process cannot be looked at.
bool look_at_threads(const std::filesystem::path& folder, std::vector<pid_t>& pids, bool& wanted) {
    std::error_code ec;
    bool told = true;
    for (std::filesystem::directory_iterator task(folder / "task", ec), end; !ec && task != end;
         task.increment(ec)) {
        std::ifstream children(task->path() / "children");
        told = told && children.is_open();
        for (pid_t child; pids.size() < processes_max && children >> child;) pids.push_back(child);
        std::string state;
        std::istringstream fields = fields_of(task->path());
        fields >> state;
        wanted = wanted || state == "R";
    }
    return told && !ec;
}

}  // namespace

std::chrono::nanoseconds own_cpu_time() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::optional<CpuUse> cpu_use_of_tree(pid_t pid) {
    std::vector<pid_t> pids{pid};
    long ticks = 0;
    bool wanted = false;
    for (std::size_t i = 0; i < pids.size(); ++i) {
        const std::filesystem::path folder("/proc/" + std::to_string(pids[i]));
        const std::optional<long> own = ticks_of(folder);
        const bool told = look_at_threads(folder, pids, wanted);
        // A descendant may end at any time.
        if (i == 0 && (!own || !told)) return std::nullopt;
        ticks += own.value_or(0);
    }
    return CpuUse{std::chrono::milliseconds(ticks * 1000 / sysconf(_SC_CLK_TCK)), wanted};
}

}  // namespace corral
