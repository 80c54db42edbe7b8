#include "cli/loading_bar.hpp"

#include <spdlog/fmt/fmt.h>

#include "supervisor/format.hpp"

namespace corral {
namespace {

constexpr unsigned bar_width = 20;

}  // namespace

std::string loading_bar(const LoadingProgress& progress) {
    const unsigned done = percent(progress);
    std::string text;
    for (unsigned i = 1; i <= bar_width; ++i) text += i * 100 <= done * bar_width ? "█" : "░";
    return fmt::format("{} {:3} %  {} of {}", text, done, format_bytes(progress.bytes),
                       format_bytes(progress.of_bytes));
}

}  // namespace corral
