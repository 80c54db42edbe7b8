#include "supervisor/worker_environment.hpp"

#include <algorithm>
#include <string_view>

namespace corral {
namespace {

constexpr std::string_view names[] = {"PATH", "HOME",   "LANG",           "LANGUAGE",
                                      "TZ",   "TMPDIR", "LD_LIBRARY_PATH"};
constexpr std::string_view prefixes[] = {"LC_", "CUDA_", "NVIDIA_", "HIP_",  "ROCR_",   "HSA_",
                                         "VK_", "OMP_",  "GGML_",   "SYCL_", "ONEAPI_", "ZE_"};
constexpr std::string_view suffix = "_VISIBLE_DEVICES";

bool is_for_workers(std::string_view name) {
    return std::ranges::count(names, name) > 0 || name.ends_with(suffix) ||
           std::ranges::any_of(prefixes,
                               [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

Environment worker_environment(const char* const* entries) {
    Environment kept;
    for (; *entries; ++entries) {
        const std::string_view entry = *entries;
        const std::size_t equals = entry.find('=');
        if (equals == entry.npos) continue;
        const std::string_view name = entry.substr(0, equals);
        if (is_for_workers(name)) kept.emplace(name, entry.substr(equals + 1));
    }
    return kept;
}

}  // namespace corral
