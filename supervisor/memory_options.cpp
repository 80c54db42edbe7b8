#include "supervisor/memory_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace corral {
namespace {

struct CacheType {
    std::string_view name;
    unsigned bytes_of_32;
};

constexpr CacheType cache_types[] = {
    {"f32", 128}, {"f16", 64},  {"bf16", 64},   {"q8_0", 34}, {"q4_0", 18},
    {"q4_1", 20}, {"q5_0", 22}, {"iq4_nl", 18}, {"q5_1", 24},
};

using Setter = void (*)(MemoryOptions& options, std::string_view value);

template <unsigned MemoryOptions::*field>
void set_cache(MemoryOptions& options, std::string_view value) {
    const auto* const type = std::ranges::find(cache_types, value, &CacheType::name);
    if (type != std::end(cache_types)) options.*field = type->bytes_of_32;
}

template <unsigned MemoryOptions::*field>
void set_count(MemoryOptions& options, std::string_view value) {
    unsigned count = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
    if (error == std::errc{} && end == value.data() + value.size() && count > 0)
        options.*field = count;
}

bool is_off(std::string_view value) {
    return value == "off" || value == "0" || value == "false" || value == "disabled";
}

void set_flash(MemoryOptions& options, std::string_view value) {
    options.flash_attention = !is_off(value);
}

void set_load_mode(MemoryOptions& options, std::string_view value) {
    options.mapped = value == "auto" || value.find("mmap") != value.npos;
}

void set_repack(MemoryOptions& options, std::string_view value) {
    options.repack = !is_off(value);
}

struct Option {
    std::array<std::string_view, 2> names;
    std::string_view variable;  // the environment variable that does the same
    Setter set;
};

constexpr Option options_with_value[] = {
    {{"-ctk", "--cache-type-k"},
     "LLAMA_ARG_CACHE_TYPE_K",
     set_cache<&MemoryOptions::k_bytes_of_32>},
    {{"-ctv", "--cache-type-v"},
     "LLAMA_ARG_CACHE_TYPE_V",
     set_cache<&MemoryOptions::v_bytes_of_32>},
    {{"-b", "--batch-size"}, "LLAMA_ARG_BATCH", set_count<&MemoryOptions::batch>},
    {{"-ub", "--ubatch-size"}, "LLAMA_ARG_UBATCH", set_count<&MemoryOptions::micro_batch>},
    {{"-fa", "--flash-attn"}, "LLAMA_ARG_FLASH_ATTN", set_flash},
    {{"-lm", "--load-mode"}, "LLAMA_ARG_LOAD_MODE", set_load_mode},
    {{"", ""}, "LLAMA_ARG_REPACK", set_repack},
};

// As llama-cli reads an option: `--cache_type_k` is `--cache-type-k`.
std::string normalized(std::string_view argument) {
    std::string name(argument);
    if (name.starts_with("--")) std::ranges::replace(name, '_', '-');
    return name;
}

}  // namespace

MemoryOptions memory_options(const PoolConfig& pool) {
    MemoryOptions options;
    for (const Option& option : options_with_value) {
        const auto found = pool.env.find(std::string(option.variable));
        if (found != pool.env.end()) option.set(options, found->second);
    }
    for (std::size_t i = 0; i < pool.extra_args.size(); ++i) {
        const std::string name = normalized(pool.extra_args[i]);
        if (name == "-nr" || name == "--no-repack") options.repack = false;
        if (name == "--repack") options.repack = true;
        // The spelling of releases before 0.7.0.
        if (name == "--no-mmap") options.mapped = false;
        for (const Option& option : options_with_value) {
            if (name.empty() || std::ranges::find(option.names, name) == option.names.end())
                continue;
            if (i + 1 < pool.extra_args.size()) option.set(options, pool.extra_args[++i]);
            break;
        }
    }
    return options;
}

}  // namespace corral
