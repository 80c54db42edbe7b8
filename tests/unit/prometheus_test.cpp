// The text format of Prometheus.
#include "supervisor/prometheus.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace corral;
using Type = PrometheusText::Type;

TEST_CASE("a metric, its samples and what must be escaped in them") {
    PrometheusText page;
    page.metric("requests_total", Type::counter, "So many \\ \"quoted\"\nlines.");
    page.sample({}, 3);
    page.sample({{"pool", "a\"b\\c\nd"}, {"outcome", "stop"}}, 1e15);
    CHECK(page.text() ==
          "# HELP requests_total So many \\\\ \"quoted\"\\nlines.\n"
          "# TYPE requests_total counter\n"
          "requests_total 3\n"
          "requests_total{pool=\"a\\\"b\\\\c\\nd\",outcome=\"stop\"} 1e+15\n");
}

TEST_CASE("numbers keep their value") {
    PrometheusText page;
    page.metric("g", Type::gauge, "G.");
    page.sample({}, 0.1);
    page.sample({}, 12345678);
    page.sample({}, -std::numeric_limits<double>::infinity());
    page.sample({}, std::numeric_limits<double>::quiet_NaN());
    CHECK(page.text().ends_with("g 0.1\ng 12345678\ng -Inf\ng NaN\n"));
}

TEST_CASE("a histogram is buckets, sum and count") {
    static constexpr double bounds[] = {0.5, 1};
    Histogram histogram(bounds);
    histogram.observe(0.25);
    histogram.observe(7);
    PrometheusText page;
    page.metric("h", Type::histogram, "H.");
    page.sample({{"pool", "p"}}, histogram);
    CHECK(page.text() ==
          "# HELP h H.\n# TYPE h histogram\n"
          "h_bucket{pool=\"p\",le=\"0.5\"} 1\nh_bucket{pool=\"p\",le=\"1\"} 1\n"
          "h_bucket{pool=\"p\",le=\"+Inf\"} 2\nh_sum{pool=\"p\"} 7.25\nh_count{pool=\"p\"} 2\n");
}
