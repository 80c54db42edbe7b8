#include "supervisor/llamacpp_page.hpp"

#include "supervisor/pool_page.hpp"

namespace corral {
namespace {

using Type = PrometheusText::Type;
using Figures = PoolMetrics::Figures;

constexpr std::chrono::seconds speed_window{60};

}  // namespace

std::string llamacpp_page(const std::vector<Pool*>& pools) {
    PoolPage page(pools);
    page.of_figures("llamacpp:prompt_tokens_total", Type::counter,
                    "Number of prompt tokens processed, excluding cached tokens",
                    [](const Figures& figures) {
                        return static_cast<double>(figures.prompt_tokens - figures.cached_tokens);
                    });
    page.of_figures("llamacpp:prompt_tokens_cached_total", Type::counter,
                    "Number of prompt tokens reused from the cache", [](const Figures& figures) {
                        return static_cast<double>(figures.cached_tokens);
                    });
    page.of_figures("llamacpp:prompt_seconds_total", Type::counter,
                    "Total time spent processing prompts",
                    [](const Figures& figures) { return figures.prompt_seconds; });
    page.of_figures(
        "llamacpp:tokens_predicted_total", Type::counter, "Number of generation tokens processed",
        [](const Figures& figures) { return static_cast<double>(figures.completion_tokens); });
    page.of_figures("llamacpp:tokens_predicted_seconds_total", Type::counter,
                    "Total time spent generating tokens",
                    [](const Figures& figures) { return figures.generation_seconds; });
    // llama-server counts from one scrape to the next, which only a single scraper can use.
    const auto speed = [&](std::string_view name, std::string_view help,
                           std::uint64_t RecentFigures::Figures::*tokens,
                           double RecentFigures::Figures::*seconds) {
        page.of_pools(name, Type::gauge, help, [&](Pool& pool) {
            const RecentFigures::Figures recent = pool.metrics().last(speed_window);
            const double time = recent.*seconds;
            return time > 0 ? static_cast<double>(recent.*tokens) / time : 0.0;
        });
    };
    speed("llamacpp:prompt_tokens_seconds", "Average prompt throughput in tokens/s",
          &RecentFigures::Figures::prompt_tokens, &RecentFigures::Figures::prompt_seconds);
    speed("llamacpp:predicted_tokens_seconds", "Average generation throughput in tokens/s",
          &RecentFigures::Figures::completion_tokens, &RecentFigures::Figures::generation_seconds);
    page.of_pools("llamacpp:requests_processing", Type::gauge, "Number of requests processing",
                  [](Pool& pool) { return static_cast<double>(pool.metrics().running().size()); });
    page.of_pools("llamacpp:requests_deferred", Type::gauge, "Number of requests deferred",
                  [](Pool& pool) { return static_cast<double>(pool.queue().length); });
    page.of_figures(
        "llamacpp:n_tokens_max", Type::counter,
        "Largest observed sequence length (prompt + generation)",
        [](const Figures& figures) { return static_cast<double>(figures.context_tokens_max); });
    return page.text().text();
}

}  // namespace corral
