#include "supervisor/memory_layout.hpp"

#include <algorithm>

namespace corral {

MemoryLayout memory_layout(const MemoryUse& use) {
    const auto without = [](std::uint64_t all, std::uint64_t part) {
        return all - std::min(all, part);
    };
    const std::uint64_t other = without(without(use.total, use.available), use.private_bytes);
    return {other, without(use.total, other + use.private_bytes + use.weights_shared)};
}

}  // namespace corral
