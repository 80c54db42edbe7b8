// Writes the text format of Prometheus, version 0.0.4. Pure; knows the format and none of the
// figures.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/histogram.hpp"

namespace corral {

class PrometheusText {
  public:
    static constexpr const char* content_type = "text/plain; version=0.0.4; charset=utf-8";
    enum class Type { counter, gauge, histogram };
    using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

    // Begins a metric; its samples follow.
    void metric(std::string_view name, Type type, std::string_view help);
    void sample(const Labels& labels, double value);
    void sample(const Labels& labels, const Histogram& histogram);

    const std::string& text() const { return text_; }

  private:
    void line(std::string_view suffix, const Labels& labels, double value);

    std::string text_;
    std::string name_;  // of the metric begun last
};

}  // namespace corral
