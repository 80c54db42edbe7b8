// How often which duration was seen, in fixed buckets as Prometheus wants them. Pure data.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace corral {

class Histogram {
  public:
    // Upper bounds in seconds, ascending; what is beyond the last one is counted, too. They outlive
    // the histogram.
    explicit Histogram(std::span<const double> bounds)
        : bounds_(bounds), counts_(bounds.size() + 1) {}

    void observe(double seconds);
    void add(const Histogram& other);  // of the same bounds
    void clear();

    std::span<const double> bounds() const { return bounds_; }
    // How many were not above each bound, and how many there are.
    std::vector<std::uint64_t> cumulative() const;
    std::uint64_t count() const { return count_; }
    double sum() const { return sum_; }
    // The value that the share `q` of all does not exceed, taken from its bucket as Prometheus
    // does; what is beyond the last bound counts as that. 0 if there is nothing.
    double quantile(double q) const;

  private:
    std::span<const double> bounds_;
    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0;
    double sum_ = 0;
};

// The bounds of what is measured here: from what the bundled model does to what a large one does on
// a few cores.
inline constexpr double request_bounds[] = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,  2.5,
                                            5,    10,    30,   60,  120,  300, 600};
inline constexpr double token_bounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                          0.1,    0.25,  0.5,    1,     2.5,  10};

}  // namespace corral
