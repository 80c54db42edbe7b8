#include "ipc/gguf.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>
#include <random>

#include "tests/unit/gguf_builder.hpp"

using namespace corral;
using namespace corral::test;

namespace {

constexpr std::uint64_t huge = std::uint64_t{1} << 63;
const std::string rush = CORRAL_SOURCE_DIR "/models/llama-rush.gguf";

// A whole little model: 2 layers, 4 heads of 8, 2 of them for K and V.
GgufBuilder little() {
    GgufBuilder file;
    file.text("general.architecture", "llama")
        .text("general.name", "Little")
        .number("llama.context_length", 512)
        .number("llama.embedding_length", 32)
        .number("llama.block_count", 2)
        .number("llama.feed_forward_length", 64)
        .number("llama.attention.head_count", 4)
        .number("llama.attention.head_count_kv", 2)
        .array<std::string>("tokenizer.ggml.tokens", {"<s>", "", "a"})
        .text("tokenizer.chat_template", "{{ messages }}")
        .tensor("token_embd.weight", 8, {32, 3}, 3 * 34)
        .tensor("output_norm.weight", 0, {32}, 32 * 4);
    return file;
}

GgufInfo info_of(const std::string& bytes) {
    TempDir dir;
    return read_gguf(dir.write("x.gguf", bytes));
}
GgufInfo info_of(const GgufBuilder& file) {
    return info_of(file.build());
}

std::string message_for(const std::string& path) {
    try {
        read_gguf(path);
    } catch (const GgufError& error) {
        std::string what = error.what();
        REQUIRE(what.starts_with(path + ": "));
        REQUIRE(what.find('\n') == std::string::npos);
        return what.substr(path.size() + 2);
    }
    return "no error";
}
std::string message_of(const std::string& bytes) {
    TempDir dir;
    return message_for(dir.write("x.gguf", bytes));
}
std::string message_of(const GgufBuilder& file) {
    return message_of(file.build());
}

}  // namespace

TEST_CASE("gguf: the bundled model") {
    GgufInfo info = read_gguf(rush);
    CHECK(info.version == 3);
    CHECK(info.file_bytes == 2'769'216);
    CHECK(info.tensor_count == 47);
    CHECK(info.weights_bytes == 2'727'156);
    CHECK(info.architecture == "llama");
    CHECK(info.name == "Llama Rush");
    REQUIRE(info.chat_template);
    CHECK(info.chat_template->starts_with("{% for message in messages %}{{ '<|im_start|>' +"));
    CHECK(info.chat_template->ends_with("{{ '<|im_start|>assistant\\n' }}{% endif %}"));
    CHECK(info.context_length == 2048);
    CHECK(info.block_count == 5);
    CHECK(info.embedding_length == 192);
    CHECK(info.feed_forward_length == 512);
    CHECK(info.head_count == 6);
    CHECK(info.head_count_kv == std::vector<std::uint64_t>(5, 6));
    CHECK(info.key_length == 32);
    CHECK(info.value_length == 32);
    CHECK(info.vocab_size == 1807);
    CHECK(info.file_type == 7);
    CHECK_FALSE(info.split_count);
    // 7.5 MiB, as llama-cli logs for this context.
    CHECK(info.kv_bytes(2048) == 7'864'320);
}

TEST_CASE("gguf: a little model, and its architecture after the keys that need it") {
    GgufInfo info = info_of(little());
    CHECK(info.name == "Little");
    CHECK(info.chat_template == "{{ messages }}");
    CHECK(info.vocab_size == 3);
    CHECK(info.weights_bytes == 3 * 34 + 32 * 4);
    CHECK_FALSE(info.merge_count);
    CHECK(info.kv_bytes(512) == 2 * 2 * (8 + 8) * 2 * 512);

    GgufBuilder late;
    late.number("llama.context_length", 77).text("general.architecture", "llama");
    CHECK(info_of(late).context_length == 77);
}

TEST_CASE("gguf: the matrices, by type, and caches of other types") {
    GgufBuilder file;
    file.tensor("token_embd.weight", 8, {32, 4}, 4 * 34)
        .tensor("output_norm.weight", 0, {32}, 128)
        .tensor("blk.0.attn_q.weight", 2, {32, 8}, 8 * 18)
        .tensor("blk.0.ffn_gate_exps.weight", 2, {32, 2, 3}, 6 * 18);
    using Bytes = std::map<std::uint32_t, std::uint64_t>;
    CHECK(info_of(file).matrix_bytes == Bytes{{2, 14 * 18}, {8, 4 * 34}});
    file.tensor("output.weight", 2, {32, 1}, 18);
    CHECK(info_of(file).matrix_bytes == Bytes{{2, 15 * 18}});

    // Q8_0 for K, F32 for V.
    CHECK(info_of(little()).kv_bytes(512, 34, 128) == 2 * 2 * (8 * 34 + 8 * 128) / 32 * 512);
}

TEST_CASE("gguf: what a file does not say is absent") {
    GgufInfo info = info_of(GgufBuilder{});
    CHECK_FALSE(info.architecture);
    CHECK_FALSE(info.chat_template);
    CHECK_FALSE(info.vocab_size);
    CHECK_FALSE(info.kv_bytes(512));
    CHECK(info.weights_bytes == 0);

    GgufBuilder shard;
    shard.raw("split.no", 2, little_endian(1, 2)).raw("split.count", 2, little_endian(3, 2));
    CHECK(info_of(shard).split_index == 1);
    CHECK(info_of(shard).split_count == 3);

    GgufBuilder vocab;
    vocab.text("general.architecture", "llama").number("llama.vocab_size", 9);
    CHECK(info_of(vocab).vocab_size == 9);
}

TEST_CASE("gguf: KV heads for each layer") {
    GgufBuilder file;
    file.text("general.architecture", "deci")
        .number("deci.block_count", 3)
        .number("deci.embedding_length", 64)
        .array<std::uint32_t>("deci.attention.head_count", {0, 4, 8})
        .array<std::uint32_t>("deci.attention.head_count_kv", {0, 1, 2})
        .number("deci.attention.key_length", 16)
        .number("deci.attention.value_length", 8);
    GgufInfo info = info_of(file);
    CHECK(info.head_count == 4);
    CHECK(info.head_count_kv == std::vector<std::uint64_t>{0, 1, 2});
    CHECK(info.kv_bytes(10) == 3 * (16 + 8) * 2 * 10);
    CHECK(info.kv_bytes(huge) == std::numeric_limits<std::uint64_t>::max());

    SUBCASE("without head_count_kv every head has its own K and V") {
        GgufBuilder plain;
        plain.text("general.architecture", "gpt2")
            .number("gpt2.block_count", 2)
            .number("gpt2.embedding_length", 64)
            .number("gpt2.attention.head_count", 4);
        CHECK(info_of(plain).head_count_kv == std::vector<std::uint64_t>{4, 4});
        CHECK(info_of(plain).kv_bytes(1) == 2 * 4 * (16 + 16) * 2);
    }
    SUBCASE("an array for other layers than there are leaves the figure open") {
        file = GgufBuilder{};
        file.text("general.architecture", "deci")
            .number("deci.block_count", 3)
            .array<std::uint32_t>("deci.attention.head_count_kv", {1, 2});
        CHECK_FALSE(info_of(file).kv_bytes(10));
    }
    SUBCASE("without attention there is no cache") {
        GgufBuilder mamba;
        mamba.text("general.architecture", "mamba")
            .number("mamba.block_count", 24)
            .number("mamba.attention.head_count", 0);
        CHECK(info_of(mamba).kv_bytes(4096) == 0);
    }
}

TEST_CASE("gguf: every type of value is stepped over, nested arrays too") {
    GgufBuilder file;
    const unsigned bytes_of[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    for (unsigned type = 0; type < std::size(bytes_of); ++type) {
        if (bytes_of[type] == 0) continue;
        file.raw("v" + std::to_string(type), type, std::string(bytes_of[type], '\x7f'));
        file.raw("a" + std::to_string(type), 9,
                 u32(type) + u64(3) + std::string(3 * bytes_of[type], '\x7f'));
    }
    file.raw("nested", 9,
             u32(9) + u64(2) + array_of(std::vector<std::string>{"a", "bc"}) +
                 array_of(std::vector<std::uint32_t>{1, 2}));
    file.text("general.architecture", "llama").raw("llama.block_count", 11, u64(7));
    file.raw("llama.context_length", 0, "\x40");
    CHECK(info_of(file).block_count == 7);
    CHECK(info_of(file).context_length == 64);
}

TEST_CASE("gguf: alignment and unknown tensor types") {
    GgufBuilder file;
    file.alignment = 128;
    file.text("general.name", "n")
        .number("general.alignment", 128)
        .tensor("a", 0, {3}, 12)
        .tensor("b", 0, {}, 4);
    CHECK(info_of(file).weights_bytes == 16);
    std::string bytes = file.build();
    CHECK(bytes.size() == 256 + 128 + 4);
    bytes.pop_back();
    CHECK(message_of(bytes) == "truncated: 387 bytes of 388 expected; copy it again");

    GgufBuilder future = little();
    future.tensor("future", 200, {1'000'000}, 7);
    CHECK_FALSE(info_of(future).weights_bytes);
    CHECK(info_of(future).tensor_count == 3);
}

TEST_CASE("gguf: paths that are no model file") {
    TempDir dir;
    CHECK(message_for(dir.file("none")) == "cannot be opened: No such file or directory");
    CHECK(message_for(dir.file("")) == "is a directory, not a model file");
    CHECK(message_for("/dev/zero") == "is a device, not a model file");
    // Nobody writes to it: the test would hang here if it were opened and waited for.
    REQUIRE(::mkfifo(dir.file("fifo").c_str(), 0600) == 0);
    CHECK(message_for(dir.file("fifo")) == "is a FIFO, not a model file");
    if (::geteuid() != 0) {
        REQUIRE(::chmod(dir.write("closed", "GGUF").c_str(), 0) == 0);
        CHECK(message_for(dir.file("closed")) == "cannot be opened: Permission denied");
    }
    std::string two_lines = dir.write("a\nb", "");
    CHECK_THROWS_WITH_AS(read_gguf(two_lines),
                         (dir.file("a\\x0ab") + ": is empty; copy it again").c_str(), GgufError);
}

TEST_CASE("gguf: files that are something else") {
    CHECK(message_of("") == "is empty; copy it again");
    CHECK(message_of("<html><body>404</body></html>") == "not a GGUF file (starts with \"<htm\")");
    CHECK(message_of("GG") == "not a GGUF file (starts with \"GG\")");
    CHECK(message_of("\n\xff\x01z") == "not a GGUF file (starts with \"\\x0a\\xff\\x01z\")");
    CHECK(message_of("version https://git-lfs.github.com/spec/v1\noid sha256:0\n") ==
          "is a Git LFS pointer, not the model; run `git lfs pull`");

    GgufBuilder file;
    const std::string unsupported = " is not supported, only 2 and 3; convert the model again";
    for (unsigned version : {0, 1, 4}) {
        file.version = version;
        CHECK(message_of(file) == "GGUF version " + std::to_string(version) + unsupported);
    }
    file.version = 0x03000000;
    CHECK(message_of(file) ==
          "big-endian, which is not supported; convert it with gguf_convert_endian.py");
    file.version = 2;
    CHECK(info_of(file).version == 2);
}

TEST_CASE("gguf: counts that lie") {
    GgufBuilder file;
    file.extra_keys = huge;
    CHECK(message_of(file) ==
          "damaged: the header announces 9223372036854775808 keys, more than "
          "65536; copy it again");
    file.extra_keys = 1;
    CHECK(message_of(file) == "truncated: 0 bytes where key 1 of 1 should be; copy it again");
    file.extra_keys = 0;
    file.extra_tensors = huge;
    CHECK(message_of(file) ==
          "damaged: the header announces 9223372036854775808 tensors, more "
          "than 1048576; copy it again");
    file.extra_tensors = 2;
    CHECK(message_of(file) ==
          "truncated: 0 bytes where the name of tensor 1 of 2 should be; copy it again");
    GgufBuilder padded;
    padded.tensor(std::string(20, 't'), 0, {1}, 4).extra_tensors = 1;
    CHECK(message_of(padded) == "damaged: a tensor has no name; copy it again");
    GgufBuilder flush;
    flush.tensor(std::string(40, 't'), 0, {1}, 32).extra_tensors = 1;
    CHECK(message_of(flush) ==
          "the name of tensor 2 of 2 is 8608480567731124087 bytes long; at most 1024 are read");
}

TEST_CASE("gguf: values that lie") {
    auto with = [](std::uint32_t type, const std::string& value) {
        return message_of(GgufBuilder{}.raw("tokenizer.chat_template", type, value));
    };
    const std::string value = "the value of key \"tokenizer.chat_template\"";
    const std::string too_large =
        "damaged: " + value + " does not fit in a header of 256 MiB; copy it again";
    CHECK(with(8, u64(huge)) == too_large);
    CHECK(with(8, u64(~std::uint64_t{0})) == too_large);
    CHECK(with(8, u64(20)) == "truncated: 12 bytes where " + value + " should be; copy it again");
    CHECK(with(4, "ab") == "truncated: 6 bytes where " + value + " should be; copy it again");
    CHECK(with(9, u32(10) + u64(huge)) == too_large);
    CHECK(with(9, u32(8) + u64(huge)) == too_large);
    CHECK(with(9, u32(9) + u64(huge)) == too_large);
    CHECK(with(9, u32(8) + u64(1'000'000)) ==
          "truncated: 16 bytes where " + value + " should be; copy it again");
    CHECK(with(13, "") == value + " has the unknown type 13");
    CHECK(with(9, u32(77) + u64(0)) == value + " has the unknown type 77");
    std::string nested;
    for (int i = 0; i < 5000; ++i) nested += u32(9) + u64(1);
    CHECK(with(9, nested) == value + " nests arrays more than 4 deep");
    CHECK(with(4, u32(1)) == "key \"tokenizer.chat_template\" is not a string");
    CHECK(with(8, gguf_string(std::string((1 << 20) + 1, 't'))) ==
          value + " is 1048577 bytes long; at most 1048576 are read");
    CHECK(with(8, gguf_string(std::string(1 << 20, 't'))) == "no error");
}

TEST_CASE("gguf: keys that lie") {
    GgufBuilder twice = little();
    twice.number("llama.block_count", 3);
    CHECK(message_of(twice) == "key \"llama.block_count\" appears twice");
    CHECK(message_of(GgufBuilder{}.number(std::string(65536, 'k'), 1)) ==
          "key 1 of 1 is 65536 bytes long; at most 65535 are read");
    // A key from the file comes out short, on one line and in ASCII.
    CHECK(message_of(GgufBuilder{}.raw("a\n\xc3\x28" + std::string(100, 'k'), 13, "")) ==
          "the value of key \"a\\x0a\\xc3(" + std::string(76, 'k') +
              "...\" has the unknown type 13");
    GgufBuilder many;
    for (int i = 0; i < 65; ++i) many.number(std::to_string(i) + std::string(65530, 'k'), 1);
    CHECK(message_of(many) == "its keys are longer than 4 MiB together");
}

TEST_CASE("gguf: figures that lie") {
    auto with = [](const std::string& key, std::uint32_t type, const std::string& value) {
        return message_of(
            GgufBuilder{}.text("general.architecture", "llama").raw(key, type, value));
    };
    CHECK(with("llama.block_count", 6, u32(0)) ==
          "key \"llama.block_count\" is not a whole number");
    CHECK(with("llama.block_count", 5, u32(0x80000000)) == "key \"llama.block_count\" is negative");
    CHECK(with("llama.block_count", 4, u32(5000)) ==
          "key \"llama.block_count\" is 5000, more than 4096");
    CHECK(with("llama.embedding_length", 10, u64(huge)) ==
          "key \"llama.embedding_length\" is 9223372036854775808, beyond 32 bits");
    CHECK(with("llama.attention.head_count", 9, u32(0) + u64(4097) + std::string(4097, 'x')) ==
          "key \"llama.attention.head_count\" has 4097 values, more than 4096");
    CHECK(with("tokenizer.ggml.tokens", 4, u32(7)) ==
          "key \"tokenizer.ggml.tokens\" is not an array");
    CHECK(with("general.alignment", 4, u32(0)) ==
          "key \"general.alignment\" is 0, not a power of two");
    CHECK(with("general.alignment", 4, u32(48)) ==
          "key \"general.alignment\" is 48, not a power of two");
    CHECK(with("general.name", 8, gguf_string(std::string(65537, 'n'))) ==
          "the value of key \"general.name\" is 65537 bytes long; at most 65536 are read");
}

TEST_CASE("gguf: tensors that lie") {
    auto with = [](std::uint32_t type, std::vector<std::uint64_t> shape, std::uint64_t offset) {
        return message_of(GgufBuilder{}.tensor_at("t", type, shape, offset).build() +
                          std::string(64, 'w'));
    };
    CHECK(with(0, {8}, 0) == "no error");
    CHECK(with(0, {1, 1, 1, 1, 1}, 0) == "damaged: tensor \"t\" has 5 dimensions, more than 4");
    CHECK(with(0, {huge, 2}, 0) == "damaged: tensor \"t\" has an absurd number of elements");
    CHECK(with(0, {huge >> 3}, 0) == "damaged: tensor \"t\" has an absurd number of elements");
    CHECK(with(8, {33}, 0) ==
          "damaged: tensor \"t\" has rows of 33 elements, not whole blocks of 32");
    CHECK(with(0, {8}, 31) == "damaged: tensor \"t\" is not aligned to 32 bytes");
    CHECK(with(0, {8}, huge) == "damaged: tensor \"t\" would end beyond any file");
    CHECK(with(0, {8}, 1024) == "truncated: 128 bytes of 1120 expected; copy it again");
    CHECK(message_of(GgufBuilder{}.tensor(std::string(1025, 't'), 0, {1}, 4)) ==
          "the name of tensor 1 of 1 is 1025 bytes long; at most 1024 are read");
}

TEST_CASE("gguf: the bundled model cut short") {
    std::ifstream in(rush, std::ios::binary);
    std::string whole(std::istreambuf_iterator<char>(in), {});
    REQUIRE(whole.size() == 2'769'216);
    CHECK(message_of(whole.substr(0, 1'048'576)) ==
          "truncated: 1048576 bytes of 2769216 expected; copy it again");
    CHECK(message_of(whole.substr(0, whole.size() - 1)) ==
          "truncated: 2769215 bytes of 2769216 expected; copy it again");
    auto begin = whole.find("tokenizer.chat_template") + 23;
    CHECK(message_of(whole.substr(0, begin + 4 + 8)) ==
          "truncated: 12 bytes where the value of key \"tokenizer.chat_template\" should be; copy "
          "it again");
}

TEST_CASE("gguf: cut at every byte, a file is refused") {
    std::string whole = little().build();
    REQUIRE_NOTHROW(info_of(whole));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        REQUIRE(message_of(whole.substr(0, length)) != "no error");
    }
}

TEST_CASE("gguf: any changed byte gives figures or a message") {
    std::string whole = little().build();
    TempDir dir;
    std::mt19937 random(20240611);
    int refused = 0;
    for (int i = 0; i < 4000; ++i) {
        std::string bytes = whole;
        bytes[random() % bytes.size()] = static_cast<char>(random());
        refused += message_for(dir.write("x.gguf", bytes)) != "no error";
    }
    CHECK(refused > 1000);
    CHECK(refused < 4000);
}

TEST_CASE("gguf: a 50 GB file costs no more than its header") {
    constexpr std::uint64_t weights = 50'000'000'000;
    TempDir dir;
    std::string path = dir.write("x.gguf", GgufBuilder{}.tensor_at("t", 24, {weights}, 0).header());
    std::error_code error;
    std::filesystem::resize_file(path, 64 + weights, error);  // sparse
    if (error) return;                                        // a file system without such files
    CHECK(read_gguf(path).weights_bytes == weights);
    std::filesystem::resize_file(path, 64 + weights - 1);
    CHECK(message_for(path) ==
          "truncated: 50000000063 bytes of 50000000064 expected; copy it again");
}

TEST_CASE("gguf: a header of nothing but empty strings ends at the bound") {
    // 300 MiB of zeros are 39 million empty strings, and so would be 50 GB of them.
    TempDir dir;
    std::string path =
        dir.write("x.gguf", GgufBuilder{}.raw("k", 9, u32(8) + u64(32 << 20)).build());
    std::error_code error;
    std::filesystem::resize_file(path, 300 << 20, error);
    if (error) return;
    CHECK(message_for(path) ==
          "damaged: the value of key \"k\" does not fit in a header of 256 MiB; copy it again");
}
