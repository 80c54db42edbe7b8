// The options of llama-cli that change how much memory a worker takes, as a pool's extra_args and
// env set them. Pure.
#pragma once

#include "config/config.hpp"

namespace corral {

struct MemoryOptions {
    // Bytes of 32 elements of the caches.
    unsigned k_bytes_of_32 = 64;
    unsigned v_bytes_of_32 = 64;
    bool flash_attention = true;  // "auto" turns it on wherever a CPU computes
    bool mapped = true;           // the weights stay in the file's pages
    bool repack = true;
    unsigned batch = 2048;
    unsigned micro_batch = 512;
};

// What llama-cli would refuse is left at its default: llama-cli says it better.
MemoryOptions memory_options(const PoolConfig& pool);

}  // namespace corral
