#include "supervisor/memory_plan.hpp"

#include <algorithm>

#include "supervisor/memory_options.hpp"

namespace corral {
namespace {

constexpr std::uint64_t kib = 1 << 10;
constexpr std::uint64_t mib = 1 << 20;

// Measured on llama-cli 0.7.0 (build 11669, x86-64, zen4 backend) with /proc/PID/smaps, right after
// loading, with models of 1807, 8000, 32000 and 128000 tokens and contexts of 512 to 8192:
// anonymous memory less KV cache and repacked weights was 5.7, 7.1, 10.4 to 11.9 and 26.9 to 29.1
// MiB; 8 threads instead of one took 0.4 MiB more.
constexpr std::uint64_t process_bytes = 5 * mib + 320 * kib;
constexpr std::uint64_t token_bytes = 200;
// The tables of a BPE tokenizer: 13.5 and 36.3 MiB for 100000 and 280000 merges.
constexpr std::uint64_t merge_bytes = 138;
constexpr std::uint64_t thread_bytes = 56 * kib;
// What a long request leaves on the heap: its text, its tokens, its sampler.
constexpr std::uint64_t request_bytes = 1 * mib;

// llama.cpp rounds contexts up to this.
constexpr std::uint64_t context_step = 256;

// Beyond any machine, and small enough that sums of it over pools and workers do not overflow.
constexpr std::uint64_t absurd = std::uint64_t{1} << 46;

std::uint64_t product(std::initializer_list<std::uint64_t> factors) {
    std::uint64_t result = 1;
    for (const std::uint64_t factor : factors)
        if (__builtin_mul_overflow(result, factor, &result) || result > absurd) return absurd;
    return result;
}

std::uint64_t clamped(std::uint64_t bytes) {
    return std::min(bytes, absurd);
}

// ggml's CPU backend keeps these types in a layout of its own, made in private memory when a model
// is loaded. x86-64: seen in the log of 0.7.0 (CPU_REPACK) with a model of each type; without
// AVX-512, Q2_K is not. Elsewhere the types are those of ggml's repack.cpp for Arm.
bool is_repacked(std::uint32_t type) {
#if defined(__x86_64__)
    constexpr std::uint32_t types[] = {2, 10, 12, 20, 39};  // Q4_0, Q2_K, Q4_K, IQ4_NL, MXFP4
#else
    constexpr std::uint32_t types[] = {2, 8, 10, 12, 13, 14, 20, 39};  // and Q8_0, Q5_K, Q6_K
#endif
    return std::ranges::find(types, type) != std::end(types);
}

std::uint64_t repacked_bytes(const GgufInfo& model) {
    std::uint64_t bytes = 0;
    for (const auto& [type, size] : model.matrix_bytes)
        if (is_repacked(type)) bytes += size;
    return bytes;
}

// The compute buffer as ggml lays it out for a llama-like graph of one micro batch: found by
// changing one figure of a model at a time and reading "compute buffer size" from the log of 0.7.0.
// Of 32 shapes 31 are met within 2.2 %; the other one, as wide inside as outside, gets 12 % too
// much. Then the scratch memory of the products, which quantise a batch.
std::uint64_t compute_bytes(const GgufInfo& model, const MemoryOptions& options,
                            std::uint64_t context) {
    const std::uint64_t rows =
        std::min({std::uint64_t{options.micro_batch}, std::uint64_t{options.batch}, context});
    const std::uint64_t embedding = model.embedding_length.value_or(0);
    const std::uint64_t inner = model.feed_forward_length.value_or(0);
    const std::uint64_t heads = model.head_count.value_or(0);
    const std::uint64_t queries = heads * model.key_length.value_or(0);
    const std::uint64_t kv_heads =
        model.head_count_kv.empty() ? 0 : *std::ranges::max_element(model.head_count_kv);
    const std::uint64_t keys = kv_heads * model.key_length.value_or(0);

    // The third buffer of the feed-forward part fits where the attention's were, if it is small.
    const std::uint64_t forward = 5 * embedding + (inner > 2 * embedding ? 3 : 2) * inner;
    constexpr std::uint64_t f32 = 4;
    constexpr std::uint64_t f16 = 2;
    std::uint64_t attention = clamped(2 * embedding + 4 * queries + 2 * keys);
    if (!options.flash_attention) attention += product({heads, context});
    const std::uint64_t mask = product({rows, context, options.flash_attention ? f16 : f32});
    const std::uint64_t scratch = product({rows, std::max({inner, embedding, queries}), 34}) / 32;
    return product({rows, f32, std::max(clamped(forward), attention)}) + mask + scratch;
}

}  // namespace

const std::uint64_t llama_cli_code_bytes = 17 * mib + 512 * kib;

PoolMemory pool_memory(const GgufInfo& model, const PoolConfig& pool) {
    const MemoryOptions options = memory_options(pool);
    const std::uint64_t context = (pool.context + context_step - 1) / context_step * context_step;
    const std::uint64_t weights = model.weights_bytes.value_or(model.file_bytes);
    PoolMemory memory;
    WorkerMemory& worker = memory.worker;
    const auto kv = model.kv_bytes(context, options.k_bytes_of_32, options.v_bytes_of_32);
    memory.open = !kv || !model.weights_bytes || !model.embedding_length ||
                  !model.feed_forward_length || model.split_count.value_or(1) > 1;
    memory.mapped = options.mapped;
    if (options.mapped) {
        memory.weights = clamped(weights);
        worker.weights = options.repack ? clamped(repacked_bytes(model)) : 0;
        memory.repacked = worker.weights > 0;
    } else {
        worker.weights = clamped(weights);
    }
    worker.process = process_bytes + product({model.vocab_size.value_or(0), token_bytes}) +
                     product({model.merge_count.value_or(0), merge_bytes}) +
                     (pool.threads.value_or(1) - 1) * thread_bytes;
    worker.kv = clamped(kv.value_or(0));
    worker.compute = clamped(compute_bytes(model, options, context)) + request_bytes;
    // A cache that is on always keeps one conversation, however small it is.
    if (pool.prompt_cache_mib > 0)
        worker.prompt_cache = std::max(pool.prompt_cache_mib * mib, worker.kv);
    return memory;
}

}  // namespace corral
