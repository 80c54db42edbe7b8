// Writes figures of pools in Prometheus' text format, one metric after the other, each with a line
// for every pool.
#pragma once

#include "supervisor/pool.hpp"
#include "supervisor/prometheus.hpp"

namespace corral {

class PoolPage {
  public:
    explicit PoolPage(const std::vector<Pool*>& pools) : pools_(pools) {}

    PrometheusText& text() { return text_; }

    // `value` of each pool, as a number or a histogram.
    void of_pools(std::string_view name, PrometheusText::Type type, std::string_view help,
                  auto value) {
        text_.metric(name, type, help);
        for (Pool* pool : pools_) text_.sample({{"pool", pool->config().name}}, value(*pool));
    }
    void of_figures(std::string_view name, PrometheusText::Type type, std::string_view help,
                    auto value) {
        of_pools(name, type, help,
                 [&](Pool& pool) -> decltype(auto) { return value(pool.metrics().figures()); });
    }
    // A number for each word of an enum.
    template <typename Counts>
    void by_word(std::string_view name, std::string_view help, std::string_view label,
                 Counts PoolMetrics::Figures::*counts) {
        text_.metric(name, PrometheusText::Type::counter, help);
        for (Pool* pool : pools_) {
            const Counts& numbers = pool->metrics().figures().*counts;
            for (std::size_t i = 0; i < Counts::count; ++i) {
                const auto word = static_cast<typename Counts::Word>(i);
                text_.sample({{"pool", pool->config().name}, {label, to_string(word)}},
                             static_cast<double>(numbers[word]));
            }
        }
    }

  private:
    const std::vector<Pool*>& pools_;
    PrometheusText text_;
};

}  // namespace corral
