#include "ipc/gguf.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <numeric>

#include "ipc/gguf_types.hpp"

namespace corral {

namespace {

// Far above every model there is (some 60 keys, some thousand tensors, 512 layers in llama.cpp),
// far below harm.
constexpr std::uint64_t key_count_max = 65536;
constexpr std::uint64_t keys_bytes_max = 4 << 20;  // of all keys together
constexpr std::uint64_t tensor_count_max = 1 << 20;
constexpr std::uint64_t layer_count_max = 4096;
constexpr std::uint64_t tensor_elements_max = std::uint64_t{1} << 56;

constexpr std::uint64_t key_bytes_max = 65535;  // the format's own limit
constexpr std::uint64_t tensor_name_bytes_max = 1024;
constexpr std::uint64_t text_bytes_max = 64 << 10;
constexpr std::uint64_t chat_template_bytes_max = 1 << 20;
constexpr std::uint32_t dimension_count_max = 4;

struct Header {
    std::uint32_t version;
    std::uint64_t tensor_count;
    std::uint64_t key_count;
};

void check_magic(GgufCursor& cursor) {
    static constexpr std::string_view lfs = "version https://git-lfs";
    if (cursor.file_bytes() == 0) cursor.fail("is empty; copy it again");
    std::string start = cursor.bytes(std::min<std::uint64_t>(lfs.size(), cursor.file_bytes()));
    if (start == lfs) cursor.fail("is a Git LFS pointer, not the model; run `git lfs pull`");
    if (!start.starts_with("GGUF")) {
        cursor.fail("not a GGUF file (starts with " + printable(start.substr(0, 4)) + ")");
    }
    cursor.seek(4);
}

Header read_header(GgufCursor& cursor) {
    check_magic(cursor);
    cursor.expect("the header");
    auto version = static_cast<std::uint32_t>(cursor.number(4));
    if (version != 0 && (version & 0xffff) == 0) {
        cursor.fail("big-endian, which is not supported; convert it with gguf_convert_endian.py");
    }
    if (version != 2 && version != 3) {
        cursor.fail("GGUF version " + std::to_string(version) +
                    " is not supported, only 2 and 3; convert the model again");
    }
    Header header{version, cursor.number(8), cursor.number(8)};
    auto believe = [&](std::uint64_t count, std::uint64_t limit, const std::string& what) {
        if (count <= limit) return;
        cursor.fail("damaged: the header announces " + std::to_string(count) + " " + what +
                    ", more than " + std::to_string(limit) + "; copy it again");
    };
    believe(header.tensor_count, tensor_count_max, "tensors");
    believe(header.key_count, key_count_max, "keys");
    return header;
}

// Where each value stands. Values are fetched afterwards: the prefix of most keys is the
// architecture, which need not come first, and nothing but the few wanted ones is ever held in
// memory.
class Metadata {
  public:
    Metadata(GgufCursor& cursor, std::uint64_t key_count);

    std::optional<std::string> text(const std::string& key, std::uint64_t limit);
    // A number that is given for all layers or as an array for each; empty if absent.
    std::vector<std::uint64_t> numbers(const std::string& key);
    std::optional<std::uint64_t> number(const std::string& key);
    std::optional<std::uint64_t> array_length(const std::string& key);

  private:
    struct Entry {
        GgufType type;
        std::uint64_t offset;
    };

    const Entry* find(const std::string& key);
    std::uint64_t integer(const std::string& key, GgufType type);

    GgufCursor& cursor_;
    std::map<std::string, Entry> entries_;
};

std::string named(const std::string& key) {
    return "key " + printable(key);
}

Metadata::Metadata(GgufCursor& cursor, std::uint64_t key_count) : cursor_(cursor) {
    std::uint64_t keys_bytes = 0;
    for (std::uint64_t i = 0; i < key_count; ++i) {
        cursor.expect("key " + std::to_string(i + 1) + " of " + std::to_string(key_count));
        std::string key = cursor.string(key_bytes_max);
        keys_bytes += key.size();
        if (keys_bytes > keys_bytes_max) cursor.fail("its keys are longer than 4 MiB together");

        cursor.expect("the value of " + named(key));
        GgufType type = cursor.type();
        if (!entries_.emplace(key, Entry{type, cursor.position()}).second) {
            cursor.fail(named(key) + " appears twice");
        }
        cursor.skip_value(type);
    }
}

const Metadata::Entry* Metadata::find(const std::string& key) {
    auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    cursor_.seek(found->second.offset);
    cursor_.expect("the value of " + named(key));
    return &found->second;
}

std::uint64_t Metadata::integer(const std::string& key, GgufType type) {
    bool is_signed = type == GgufType::i8 || type == GgufType::i16 || type == GgufType::i32 ||
                     type == GgufType::i64;
    bool is_unsigned = type == GgufType::u8 || type == GgufType::u16 || type == GgufType::u32 ||
                       type == GgufType::u64;
    if (!is_signed && !is_unsigned) cursor_.fail(named(key) + " is not a whole number");
    unsigned bytes = fixed_bytes(type);
    std::uint64_t value = cursor_.number(bytes);
    if (is_signed && (value >> (8 * bytes - 1)) != 0) cursor_.fail(named(key) + " is negative");
    // llama.cpp holds all these figures in 32 bits. For us the bound also rules out most overflows.
    if (value > std::numeric_limits<std::uint32_t>::max()) {
        cursor_.fail(named(key) + " is " + std::to_string(value) + ", beyond 32 bits");
    }
    return value;
}

std::optional<std::string> Metadata::text(const std::string& key, std::uint64_t limit) {
    const Entry* entry = find(key);
    if (!entry) return std::nullopt;
    if (entry->type != GgufType::string) cursor_.fail(named(key) + " is not a string");
    return cursor_.string(limit);
}

std::vector<std::uint64_t> Metadata::numbers(const std::string& key) {
    const Entry* entry = find(key);
    if (!entry) return {};
    if (entry->type != GgufType::array) return {integer(key, entry->type)};
    GgufType element = cursor_.type();
    std::uint64_t count = cursor_.number(8);
    if (count > layer_count_max) {
        cursor_.fail(named(key) + " has " + std::to_string(count) + " values, more than " +
                     std::to_string(layer_count_max));
    }
    std::vector<std::uint64_t> values(count);
    for (auto& value : values) value = integer(key, element);
    return values;
}

std::optional<std::uint64_t> Metadata::number(const std::string& key) {
    auto values = numbers(key);
    if (values.empty()) return std::nullopt;
    // A layer without attention says 0 where its neighbours give the figure.
    auto found = std::ranges::find_if(values, [](auto value) { return value != 0; });
    return found == values.end() ? 0 : *found;
}

std::optional<std::uint64_t> Metadata::array_length(const std::string& key) {
    const Entry* entry = find(key);
    if (!entry) return std::nullopt;
    if (entry->type != GgufType::array) cursor_.fail(named(key) + " is not an array");
    cursor_.type();
    return cursor_.number(8);
}

void read_attention(Metadata& metadata, const std::string& prefix, GgufInfo& info) {
    info.head_count = metadata.number(prefix + "attention.head_count");
    info.key_length = metadata.number(prefix + "attention.key_length");
    info.value_length = metadata.number(prefix + "attention.value_length");
    if (info.embedding_length && info.head_count.value_or(0) > 0) {
        std::uint64_t length = *info.embedding_length / *info.head_count;
        info.key_length = info.key_length.value_or(length);
        info.value_length = info.value_length.value_or(length);
    }

    auto heads = metadata.numbers(prefix + "attention.head_count_kv");
    if (heads.empty()) heads = metadata.numbers(prefix + "attention.head_count");
    if (heads.size() == 1 && info.block_count) heads.resize(*info.block_count, heads.front());
    // llama.cpp refuses an array of another length, but which layers count changes with its
    // versions: only leave the figure open.
    if (heads.size() == info.block_count) info.head_count_kv = std::move(heads);
}

void read_figures(GgufCursor& cursor, Metadata& metadata, GgufInfo& info) {
    info.architecture = metadata.text("general.architecture", text_bytes_max);
    info.name = metadata.text("general.name", text_bytes_max);
    info.chat_template = metadata.text("tokenizer.chat_template", chat_template_bytes_max);
    info.file_type = metadata.number("general.file_type");
    info.split_count = metadata.number("split.count");
    info.split_index = metadata.number("split.no");
    info.vocab_size = metadata.array_length("tokenizer.ggml.tokens");
    info.merge_count = metadata.array_length("tokenizer.ggml.merges");
    if (!info.architecture) return;

    std::string prefix = *info.architecture + ".";
    if (!info.vocab_size) info.vocab_size = metadata.number(prefix + "vocab_size");
    info.context_length = metadata.number(prefix + "context_length");
    info.embedding_length = metadata.number(prefix + "embedding_length");
    info.feed_forward_length = metadata.number(prefix + "feed_forward_length");
    info.block_count = metadata.number(prefix + "block_count");
    if (info.block_count > layer_count_max) {
        cursor.fail(named(prefix + "block_count") + " is " + std::to_string(*info.block_count) +
                    ", more than " + std::to_string(layer_count_max));
    }
    read_attention(metadata, prefix, info);
}

struct Tensor {
    std::string title;  // for messages
    std::string name;
    std::uint32_t dimensions = 0;
    std::uint64_t row_elements = 1;
    std::uint64_t elements = 1;
    std::uint32_t type = 0;
    std::uint64_t offset = 0;
};

Tensor read_tensor(GgufCursor& cursor) {
    Tensor tensor;
    std::string name = cursor.string(tensor_name_bytes_max);
    // A tensor count too high reads the padding behind the last tensor: zeros.
    if (name.empty()) cursor.fail("damaged: a tensor has no name; copy it again");
    tensor.title = "tensor " + printable(name);
    tensor.name = std::move(name);
    cursor.expect(tensor.title);
    auto dimensions = static_cast<std::uint32_t>(cursor.number(4));
    tensor.dimensions = dimensions;
    if (dimensions > dimension_count_max) {
        cursor.fail("damaged: " + tensor.title + " has " + std::to_string(dimensions) +
                    " dimensions, more than " + std::to_string(dimension_count_max));
    }
    for (std::uint32_t i = 0; i < dimensions; ++i) {
        std::uint64_t length = cursor.number(8);
        if (i == 0) tensor.row_elements = length;
        if (__builtin_mul_overflow(tensor.elements, length, &tensor.elements) ||
            tensor.elements > tensor_elements_max) {
            cursor.fail("damaged: " + tensor.title + " has an absurd number of elements");
        }
    }
    tensor.type = static_cast<std::uint32_t>(cursor.number(4));
    tensor.offset = cursor.number(8);
    return tensor;
}

std::optional<std::uint64_t> stored_bytes(const GgufCursor& cursor, const Tensor& tensor) {
    auto layout = tensor_layout(tensor.type);
    if (!layout) return std::nullopt;
    if (tensor.row_elements % layout->block_elements != 0) {
        cursor.fail("damaged: " + tensor.title + " has rows of " +
                    std::to_string(tensor.row_elements) + " elements, not whole blocks of " +
                    std::to_string(layout->block_elements));
    }
    return tensor.elements / layout->block_elements * layout->block_bytes;
}

std::uint64_t read_alignment(GgufCursor& cursor, Metadata& metadata) {
    std::uint64_t alignment = metadata.number("general.alignment").value_or(32);
    if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
        cursor.fail(named("general.alignment") + " is " + std::to_string(alignment) +
                    ", not a power of two");
    }
    return alignment;
}

// Sorts out what is multiplied by; see GgufInfo::matrix_bytes.
class Matrices {
  public:
    void add(const Tensor& tensor, std::uint64_t bytes) {
        if (tensor.dimensions < 2) return;
        if (tensor.name == "token_embd.weight") {
            embeddings_ = {tensor.type, bytes};
            return;
        }
        has_output_ = has_output_ || tensor.name == "output.weight";
        bytes_[tensor.type] += bytes;
    }
    std::map<std::uint32_t, std::uint64_t> bytes() && {
        if (embeddings_ && !has_output_) bytes_[embeddings_->first] += embeddings_->second;
        return std::move(bytes_);
    }

  private:
    std::map<std::uint32_t, std::uint64_t> bytes_;
    std::optional<std::pair<std::uint32_t, std::uint64_t>> embeddings_;
    bool has_output_ = false;
};

// REQUIRES: the cursor stands behind the metadata. A model cut short by a full disk or a broken
// download still has a perfect header; llama-cli would find out only after it was started.
void read_tensors(GgufCursor& cursor, std::uint64_t alignment, GgufInfo& info) {
    std::uint64_t data_bytes = 0;
    info.weights_bytes = 0;
    Matrices matrices;
    for (std::uint64_t i = 0; i < info.tensor_count; ++i) {
        cursor.expect("the name of tensor " + std::to_string(i + 1) + " of " +
                      std::to_string(info.tensor_count));
        Tensor tensor = read_tensor(cursor);
        if (tensor.offset % alignment != 0) {
            cursor.fail("damaged: " + tensor.title + " is not aligned to " +
                        std::to_string(alignment) + " bytes");
        }
        auto bytes = stored_bytes(cursor, tensor);
        std::uint64_t end = 0;
        std::uint64_t sum = 0;
        if (__builtin_add_overflow(tensor.offset, bytes.value_or(0), &end) ||
            __builtin_add_overflow(info.weights_bytes.value_or(0), bytes.value_or(0), &sum) ||
            end > std::uint64_t{1} << 62) {
            cursor.fail("damaged: " + tensor.title + " would end beyond any file");
        }
        data_bytes = std::max(data_bytes, end);
        matrices.add(tensor, bytes.value_or(0));
        info.weights_bytes = bytes && info.weights_bytes ? std::optional(sum) : std::nullopt;
    }
    if (info.tensor_count == 0) return;
    info.matrix_bytes = std::move(matrices).bytes();
    std::uint64_t data_begin = (cursor.position() + alignment - 1) / alignment * alignment;
    if (info.file_bytes < data_begin + data_bytes) {
        cursor.fail("truncated: " + std::to_string(info.file_bytes) + " bytes of " +
                    std::to_string(data_begin + data_bytes) + " expected; copy it again");
    }
}

}  // namespace

std::optional<std::uint64_t> GgufInfo::kv_bytes(std::uint64_t context_tokens,
                                                std::uint64_t k_bytes_of_32,
                                                std::uint64_t v_bytes_of_32) const {
    if (head_count_kv.empty()) return std::nullopt;
    auto heads = std::accumulate(head_count_kv.begin(), head_count_kv.end(), std::uint64_t{0});
    if (heads == 0) return 0;
    if (!key_length || !value_length) return std::nullopt;
    // All figures are of 32 bits, and heads of at most 4096 layers.
    std::uint64_t bytes = *key_length * k_bytes_of_32 + *value_length * v_bytes_of_32;
    for (std::uint64_t factor : {heads, context_tokens}) {
        // "More than any machine has" is a better answer to absurd figures than none.
        if (__builtin_mul_overflow(bytes, factor, &bytes)) {
            return std::numeric_limits<std::uint64_t>::max();
        }
    }
    return bytes / 32;
}

GgufInfo read_gguf(const std::string& path) {
    GgufCursor cursor(path);
    Header header = read_header(cursor);
    Metadata metadata(cursor, header.key_count);
    std::uint64_t metadata_end = cursor.position();

    GgufInfo info;
    info.version = header.version;
    info.file_bytes = cursor.file_bytes();
    info.tensor_count = header.tensor_count;
    read_figures(cursor, metadata, info);
    std::uint64_t alignment = read_alignment(cursor, metadata);
    cursor.seek(metadata_end);
    read_tensors(cursor, alignment, info);
    return info;
}

}  // namespace corral
