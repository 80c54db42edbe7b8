// Histograms, and the figures of the last minutes that are made of them.
#include "supervisor/histogram.hpp"

#include <doctest/doctest.h>

#include "supervisor/recent_figures.hpp"

using namespace corral;
using namespace std::chrono_literals;

namespace {

constexpr double bounds[] = {1, 2, 4};

}  // namespace

TEST_CASE("a histogram counts what is not above each bound, and everything") {
    Histogram histogram(bounds);
    for (const double value : {0.5, 1.0, 1.5, 4.0, 100.0}) histogram.observe(value);
    CHECK(histogram.cumulative() == std::vector<std::uint64_t>{2, 3, 4, 5});
    CHECK(histogram.count() == 5);
    CHECK(histogram.sum() == 107);
}

TEST_CASE("a quantile lies within its bucket") {
    Histogram histogram(bounds);
    CHECK(histogram.quantile(0.5) == 0);
    for (int i = 0; i < 4; ++i) histogram.observe(1.5);
    CHECK(histogram.quantile(0.5) == 1.5);
    CHECK(histogram.quantile(1) == 2);
    histogram.observe(100);
    CHECK(histogram.quantile(1) == 4);
}

TEST_CASE("histograms add up") {
    Histogram one(bounds);
    Histogram other(bounds);
    one.observe(0.5);
    other.observe(3);
    one.add(other);
    CHECK(one.cumulative() == std::vector<std::uint64_t>{1, 1, 2, 2});
    CHECK(one.sum() == 3.5);
    one.clear();
    CHECK(one.count() == 0);
}

TEST_CASE("what happened falls out after fifteen minutes") {
    RecentFigures recent;
    const TimePoint start{1h};
    recent.now(start).answered = 1;
    recent.now(start + 5s).answered += 1;
    recent.now(start + 70s).answered += 1;
    CHECK(recent.last(60s, start + 59s).answered == 2);
    CHECK(recent.last(60s, start + 70s).answered == 1);
    CHECK(recent.last(RecentFigures::whole, start + 70s).answered == 3);
    CHECK(recent.last(RecentFigures::whole, start + 15min).answered == 1);
    CHECK(recent.last(RecentFigures::whole, start + 10h).answered == 0);
    recent.now(start + 15min).duration.observe(2);
    CHECK(recent.last(60s, start + 15min).duration.count() == 1);
}
