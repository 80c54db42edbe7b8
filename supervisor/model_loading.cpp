#include "supervisor/model_loading.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "ipc/process_times.hpp"
#include "supervisor/worker_files.hpp"

namespace corral {
namespace {

namespace fs = std::filesystem;

constexpr auto look_interval = std::chrono::milliseconds(250);
// The event loop waits while the kernel counts pages: no more than a fiftieth of its CPU time.
constexpr int look_share = 50;

std::ifstream proc_file(pid_t pid, const char* name) {
    return std::ifstream("/proc/" + std::to_string(pid) + "/" + name);
}

std::uint64_t read_bytes(pid_t pid) {
    std::ifstream file = proc_file(pid, "io");
    std::string name;
    std::uint64_t bytes = 0;
    file >> name >> bytes;  // rchar comes first
    return name == "rchar:" ? bytes : 0;
}

}  // namespace

unsigned percent(const LoadingProgress& progress) {
    return static_cast<unsigned>(progress.bytes * 100 / progress.of_bytes);
}

ModelFiles model_files(const std::string& path) {
    std::vector<std::string> names = model_parts(path);
    if (names.empty()) names.push_back(path);
    ModelFiles model;
    for (const std::string& name : names) {
        std::error_code ec;
        const fs::path file = fs::canonical(name, ec);
        const auto bytes = ec ? 0 : fs::file_size(file, ec);
        if (ec) continue;
        model.paths.push_back(file.string());
        model.bytes += bytes;
    }
    return model;
}

// "7f..-7f.. r--s 0000 fe:00 123   /models/a.gguf" opens a mapping, "Rss:  16 kB" belongs to it.
std::uint64_t mapped_model_bytes(pid_t pid, const ModelFiles& model) {
    std::ifstream file = proc_file(pid, "smaps");
    std::uint64_t bytes = 0;
    bool of_model = false;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("Rss:")) {
            if (of_model) bytes += std::stoull(line.substr(4)) * 1024;
        } else if (line.find('-') < line.find(' ')) {
            of_model = std::ranges::any_of(
                model.paths, [&](const std::string& path) { return line.ends_with(" " + path); });
        }
    }
    return bytes;
}

std::uint64_t model_bytes_in_memory(pid_t pid, const ModelFiles& model) {
    return std::min(model.bytes, std::max(mapped_model_bytes(pid, model), read_bytes(pid)));
}

LoadingWatch::LoadingWatch(Clock& clock, pid_t pid, ModelFiles model,
                           std::function<void()> on_progress)
    : clock_(clock), pid_(pid), model_(std::move(model)), on_progress_(std::move(on_progress)) {
    next_ = clock_.call_at(clock_.now() + look_interval, [this] { look(); });
}

void LoadingWatch::look() {
    const auto before = own_cpu_time();
    const std::uint64_t bytes = model_bytes_in_memory(pid_, model_);
    const auto took = own_cpu_time() - before;
    const auto pause = std::max<TimePoint::duration>(look_interval, look_share * took);
    next_ = clock_.call_at(clock_.now() + pause, [this] { look(); });
    if (bytes <= bytes_) return;
    bytes_ = bytes;
    on_progress_();
}

}  // namespace corral
