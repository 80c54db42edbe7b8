// What a GGUF model file says about itself: its architecture, chat template and the sizes that
// decide how much memory a worker needs. read_gguf() is a plain function without state: any thread
// may call it, on any path. It reads the header only (some MB for a large vocabulary, never the
// weights), but with blocking file reads: call it at startup, not on an event loop that serves
// requests.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace corral {

// what() is one line: the file, the reason and, where there is one, the way out.
struct GgufError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A figure is absent where the file does not give it. Where a file gives one per layer, as a few
// architectures do, it is that of the first layer that has any; only head_count_kv is kept for
// every layer.
struct GgufInfo {
    std::uint32_t version = 0;
    std::uint64_t file_bytes = 0;
    std::uint64_t tensor_count = 0;
    std::optional<std::uint64_t> weights_bytes;  // absent if a tensor has a type unknown to us
    // Of the matrices that activations are multiplied by, by their type (0 is F32, 2 is Q4_0, …).
    // The token embeddings belong to them only where they stand in for a missing output.weight.
    std::map<std::uint32_t, std::uint64_t> matrix_bytes;

    std::optional<std::string> architecture;  // absent in the later files of a split model
    std::optional<std::string> name;
    std::optional<std::string> chat_template;

    std::optional<std::uint64_t> context_length;  // tokens the model was trained on
    std::optional<std::uint64_t> block_count;     // layers
    std::optional<std::uint64_t> embedding_length;
    std::optional<std::uint64_t> feed_forward_length;
    std::optional<std::uint64_t> head_count;
    std::vector<std::uint64_t> head_count_kv;  // one per layer; empty if unknown
    // Of one head: embedding_length / head_count unless given.
    std::optional<std::uint64_t> key_length;
    std::optional<std::uint64_t> value_length;
    std::optional<std::uint64_t> vocab_size;   // tokens
    std::optional<std::uint64_t> merge_count;  // of a BPE tokenizer
    std::optional<std::uint64_t> file_type;    // general.file_type, 7 is Q8_0

    // A model split into several files: all the figures above that count bytes or tensors are of
    // this file alone.
    std::optional<std::uint64_t> split_count;
    std::optional<std::uint64_t> split_index;  // from 0

    // Bytes of the f16 K and V cache for so many tokens, absent if a figure for it is. An upper
    // bound: sliding windows, MLA and a quantised cache need less. The fixed state of recurrent
    // layers is not counted.
    std::optional<std::uint64_t> kv_bytes(std::uint64_t context_tokens) const {
        return kv_bytes(context_tokens, f16_bytes_of_32, f16_bytes_of_32);
    }
    // The same for caches of other types, each given by the bytes of 32 elements.
    std::optional<std::uint64_t> kv_bytes(std::uint64_t context_tokens, std::uint64_t k_bytes_of_32,
                                          std::uint64_t v_bytes_of_32) const;

    static constexpr std::uint64_t f16_bytes_of_32 = 64;
};

// Throws GgufError for what is not a whole, readable GGUF file of version 2 or 3, including one
// whose tensors reach beyond its end. Never blocks on a FIFO or device: only regular files are
// opened. Takes less than 20 MiB of memory, whatever the file claims.
GgufInfo read_gguf(const std::string& path);

}  // namespace corral
