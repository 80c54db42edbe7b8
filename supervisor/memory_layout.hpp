// What the memory of the machine (or of our cgroup) is used for, in parts that add up, for people
// who ask whether one more worker fits. Pure.
#pragma once

#include <cstdint>

namespace corral {

struct MemoryUse {
    std::uint64_t total = 0;
    std::uint64_t available = 0;       // as available_memory() says
    std::uint64_t weights_shared = 0;  // pages of model files that workers have mapped
    std::uint64_t private_bytes = 0;   // of the workers, anonymous
};

struct MemoryLayout {
    std::uint64_t other = 0;  // by other programs, and by corral itself
    std::uint64_t free = 0;
};

// The kernel counts most of the mapped weights as available, for it could read them again; here
// they are in use.
MemoryLayout memory_layout(const MemoryUse& use);

}  // namespace corral
