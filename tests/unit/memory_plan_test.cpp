// How much memory workers take (supervisor/memory_plan.hpp) and how many fit (auto_workers.hpp),
// with figures worked out by hand. That the real llama-cli agrees is tested by
// tests/integration/test_plan.py.
#include "supervisor/memory_plan.hpp"

#include <doctest/doctest.h>

#include "supervisor/auto_workers.hpp"
#include "supervisor/available_memory.hpp"
#include "supervisor/memory_options.hpp"

using namespace corral;

namespace {

constexpr std::uint64_t mib = 1 << 20;

GgufInfo model_of_1024_by_16() {
    GgufInfo model;
    model.file_bytes = 275'588'576;
    model.weights_bytes = 200 * mib;
    model.matrix_bytes = {{0, 1 * mib}, {2, 100 * mib}, {8, 60 * mib}};
    model.embedding_length = 1024;
    model.feed_forward_length = 3072;
    model.head_count = 16;
    model.head_count_kv = std::vector<std::uint64_t>(16, 4);
    model.key_length = 64;
    model.value_length = 64;
    model.vocab_size = 32000;
    return model;
}

PoolConfig pool_with(std::vector<std::string> arguments = {}) {
    PoolConfig pool;
    pool.context = 4096;
    pool.extra_args = std::move(arguments);
    return pool;
}

PoolDemand demand(std::uint64_t shared, std::uint64_t each, std::optional<unsigned> workers) {
    PoolMemory memory;
    memory.weights = shared;
    memory.worker.kv = each;
    return {memory, workers};
}

}  // namespace

TEST_CASE("memory plan: a model by hand") {
    const PoolMemory memory = pool_memory(model_of_1024_by_16(), pool_with());
    CHECK(memory.weights == 200 * mib);
    CHECK(memory.worker.weights == 100 * mib);  // Q4_0 is repacked, Q8_0 is not (x86-64)
    CHECK(memory.repacked);
    CHECK_FALSE(memory.open);
    // 16 layers x 4 heads x (64 + 64) x 2 bytes x 4096 tokens; llama-cli logs the same 64 MiB.
    CHECK(memory.worker.kv == 64 * mib);
    // Of 512 rows of 4 bytes: (5 x 1024 + 3 x 3072) = 28 MiB and an f16 mask of 4096, 4 MiB, as
    // llama-cli logs. Then 512 x 3072 x 34 / 32 for products and 1 MiB for a request.
    CHECK(memory.worker.compute == 28 * mib + 4 * mib + 512 * 3072 * 34 / 32 + 1 * mib);
    CHECK(memory.worker.process == 5 * mib + 320 * 1024 + 32000 * 200);
    CHECK(memory.worker.prompt_cache == 256 * mib);
    CHECK(memory.worker.loaded() == memory.worker.process + 164 * mib);
    CHECK(memory.worker.at_most() == memory.worker.busy() + 256 * mib);
}

TEST_CASE("memory plan: a BPE tokenizer, and heads wider than the embedding") {
    GgufInfo model = model_of_1024_by_16();
    model.merge_count = 280'000;
    CHECK(pool_memory(model, pool_with()).worker.process ==
          5 * mib + 320 * 1024 + 32000 * 200 + 280'000 * 138);
    model.feed_forward_length = 1024;
    model.key_length = 128;
    // 2 x 1024 + 4 x 2048 + 2 x 512 columns of 512 f32, and the mask.
    CHECK(pool_memory(model, pool_with()).worker.compute ==
          22 * mib + 4 * mib + 512 * 2048 * 34 / 32 + 1 * mib);
}

TEST_CASE("memory plan: contexts are rounded up, and a prompt cache keeps a whole context") {
    PoolConfig pool = pool_with();
    pool.context = 4097;
    CHECK(pool_memory(model_of_1024_by_16(), pool).worker.kv == 68 * mib);
    pool.prompt_cache_mib = 1;
    CHECK(pool_memory(model_of_1024_by_16(), pool).worker.prompt_cache == 68 * mib);
    pool.prompt_cache_mib = 0;
    CHECK(pool_memory(model_of_1024_by_16(), pool).worker.prompt_cache == 0);
}

TEST_CASE("memory plan: options that change it") {
    const GgufInfo model = model_of_1024_by_16();
    const auto with = [&](std::vector<std::string> arguments) {
        return pool_memory(model, pool_with(std::move(arguments)));
    };
    CHECK(with({"-ctk", "q8_0", "--cache_type_v", "q4_0"}).worker.kv == 26 * mib);
    CHECK(with({"--no-repack"}).worker.weights == 0);
    CHECK(with({"--no-repack"}).weights == 200 * mib);
    for (const char* mode : {"none", "mlock", "dio"}) {
        CHECK(with({"-lm", mode}).weights == 0);
        CHECK(with({"-lm", mode}).worker.weights == 200 * mib);
    }
    CHECK(with({"-lm", "mmap+mlock"}).weights == 200 * mib);
    // 16 heads x 4096 scores for each row, and 6 x 1024 + 2 x 256 beside them; the mask is f32.
    CHECK(with({"-fa", "off"}).worker.compute ==
          128 * mib + 13 * mib + 8 * mib + 512 * 3072 * 34 / 32 + 1 * mib);
    CHECK(with({"-ub", "128"}).worker.compute == 8 * mib + 128 * 3072 * 34 / 32 + 1 * mib);
    CHECK(with({"-b", "128"}).worker.compute == with({"-ub", "128"}).worker.compute);

    PoolConfig pool = pool_with();
    pool.env["LLAMA_ARG_CACHE_TYPE_K"] = "f32";
    CHECK(pool_memory(model, pool).worker.kv == 96 * mib);
    pool.extra_args = {"-ctk", "f16"};
    CHECK(pool_memory(model, pool).worker.kv == 64 * mib);
}

TEST_CASE("memory options: what llama-cli would refuse changes nothing") {
    const MemoryOptions options = memory_options(
        pool_with({"-ctk", "q9", "-ub", "x", "-b", "0", "--cache-type-v", "q8_0", "-ctk"}));
    CHECK(options.k_bytes_of_32 == 64);
    CHECK(options.v_bytes_of_32 == 34);
    CHECK(options.micro_batch == 512);
    CHECK(options.batch == 2048);
}

TEST_CASE("memory plan: absurd and missing figures") {
    GgufInfo nothing;
    nothing.file_bytes = 100;
    const PoolMemory open = pool_memory(nothing, pool_with());
    CHECK(open.open);
    CHECK(open.weights == 100);
    CHECK(open.worker.kv == 0);

    GgufInfo absurd = model_of_1024_by_16();
    for (auto* figure : {&absurd.embedding_length, &absurd.feed_forward_length, &absurd.head_count,
                         &absurd.key_length, &absurd.value_length})
        *figure = 0xffffffff;
    absurd.head_count_kv = std::vector<std::uint64_t>(4096, 0xffffffff);
    const std::vector<PoolDemand> pools(64, {pool_memory(absurd, pool_with({"-fa", "off"})), 256});
    const auto choices = choose_workers(pools, 1, 1);
    CHECK(memory_at_most(pools, choices) > std::uint64_t{1} << 50);
}

TEST_CASE("choose workers: as many as fit, a core for each, at least one") {
    const std::uint64_t code = llama_cli_code_bytes;
    const auto choose = [](const std::vector<PoolDemand>& pools, std::uint64_t bytes,
                           unsigned cores) {
        std::vector<unsigned> numbers;
        for (const WorkerChoice& choice : choose_workers(pools, bytes, cores))
            numbers.push_back(choice.workers);
        return numbers;
    };
    const PoolDemand one = demand(100, 10, std::nullopt);
    CHECK(choose({one}, code + 139, 8) == std::vector{3U});
    CHECK(choose({one}, code + 140, 8) == std::vector{4U});
    CHECK(choose({one}, code + 999, 8) == std::vector{8U});
    CHECK(choose({one}, 0, 8) == std::vector{1U});
    CHECK(choose({one}, std::uint64_t{1} << 40, 10'000) == std::vector{256U});
    CHECK(choose_workers({one}, code + 139, 8)[0].limit == WorkerLimit::memory);
    CHECK(choose_workers({one}, code + 999, 8)[0].limit == WorkerLimit::cores);

    SUBCASE("what is given stays and takes its part first") {
        const PoolDemand given = demand(50, 5, 4);
        CHECK(choose({given, one}, code + 70 + 125, 8) == std::vector{4U, 2U});
        CHECK(choose({given, one}, code + 999, 6) == std::vector{4U, 2U});
        CHECK(choose_workers({given, one}, code + 999, 6)[0].limit == WorkerLimit::given);
    }
    SUBCASE("pools take turns, and a small one goes on where a large one has to stop") {
        CHECK(choose({one, one}, code + 240, 8) == std::vector{2U, 2U});
        CHECK(choose({one, demand(0, 1, std::nullopt)}, code + 116, 8) == std::vector{1U, 6U});
    }
}

TEST_CASE("what a cgroup's limit leaves") {
    CHECK(left_of_limit("1000\n", "300\n", "anon 200\nfile 100\n") == 700U);
    CHECK(left_of_limit("1000\n", "300\n", "anon 200\ninactive_file 60\nactive_file 40\n") == 800U);
    CHECK(left_of_limit("1000", "3000", "") == 0U);
    CHECK_FALSE(left_of_limit("max\n", "300\n", ""));
    CHECK_FALSE(left_of_limit("", "", ""));
}
