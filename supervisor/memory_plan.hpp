// How much memory the workers of a pool take, worked out from the model's figures before any of
// them is started. Pure. The figures of llama-cli itself were measured (memory_plan.cpp says how);
// tests/integration/test_plan.py compares the whole with what real workers take.
#pragma once

#include <cstdint>

#include "config/config.hpp"
#include "ipc/gguf.hpp"

namespace corral {

// Bytes that each worker has for itself.
struct WorkerMemory {
    std::uint64_t process = 0;  // heap, stacks, vocabulary
    std::uint64_t weights = 0;  // repacked for the CPU, or all of them when they are not mapped
    std::uint64_t kv = 0;
    std::uint64_t compute = 0;       // used from the first long prompt on
    std::uint64_t prompt_cache = 0;  // filled by and by; a maximum

    std::uint64_t loaded() const { return process + weights + kv; }
    std::uint64_t busy() const { return loaded() + compute; }
    std::uint64_t at_most() const { return busy() + prompt_cache; }
};

struct PoolMemory {
    std::uint64_t weights = 0;  // mapped from the file, in memory once for all workers
    WorkerMemory worker;
    bool repacked = false;  // some of worker.weights are repacked copies of shared ones
    bool mapped = true;     // false: no weights are shared
    bool open = false;      // the file leaves figures open: the truth may be more
};

// The code of llama-cli and its libraries: in memory once, however many workers there are.
extern const std::uint64_t llama_cli_code_bytes;

PoolMemory pool_memory(const GgufInfo& model, const PoolConfig& pool);

}  // namespace corral
