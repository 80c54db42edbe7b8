// How much of its model a worker has in memory, looked up in /proc again and again while it loads.
// LoadingWatch is owned by the worker, for as long as one process of it loads.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "async/clock.hpp"

namespace corral {

struct LoadingProgress {
    std::uint64_t bytes;
    std::uint64_t of_bytes;  // never 0
};
unsigned percent(const LoadingProgress& progress);  // rounded down

struct ModelFiles {
    std::vector<std::string> paths;  // as the kernel tells them: links resolved
    std::uint64_t bytes = 0;         // of all together
};

// The file, or all parts of a model in parts (NAME-00001-of-00003.gguf) that are there.
ModelFiles model_files(const std::string& path);

// Bytes of the model in the memory of the process: pages of its files that are mapped and resident
// (/proc/PID/smaps) or, if they are not mapped, what it has read (rchar of /proc/PID/io). Never
// more than the files have. The kernel walks the page tables: a few ms for each GiB.
std::uint64_t model_bytes_in_memory(pid_t pid, const ModelFiles& model);

// The first of the two: pages that are mapped and resident, and shared by all who map them.
std::uint64_t mapped_model_bytes(pid_t pid, const ModelFiles& model);

class LoadingWatch {
  public:
    // `on_progress` hears of every look that found more.
    LoadingWatch(Clock& clock, pid_t pid, ModelFiles model, std::function<void()> on_progress);
    LoadingWatch(const LoadingWatch&) = delete;

    LoadingProgress progress() const { return {bytes_, model_.bytes}; }

  private:
    void look();

    Clock& clock_;
    pid_t pid_;
    ModelFiles model_;
    std::function<void()> on_progress_;
    std::uint64_t bytes_ = 0;
    std::unique_ptr<Alarm> next_;
};

}  // namespace corral
