#include "supervisor/histogram.hpp"

#include <algorithm>
#include <cassert>

namespace corral {

void Histogram::observe(double seconds) {
    const auto bound = std::ranges::lower_bound(bounds_, seconds);
    ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
    ++count_;
    sum_ += seconds;
}

void Histogram::add(const Histogram& other) {
    assert(bounds_.data() == other.bounds_.data());
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
}

void Histogram::clear() {
    std::ranges::fill(counts_, 0);
    count_ = 0;
    sum_ = 0;
}

std::vector<std::uint64_t> Histogram::cumulative() const {
    std::vector<std::uint64_t> totals;
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts_) totals.push_back(total += count);
    return totals;
}

double Histogram::quantile(double q) const {
    if (count_ == 0) return 0;
    const double rank = q * static_cast<double>(count_);
    double before = 0;
    for (std::size_t i = 0; i < bounds_.size(); ++i) {
        const auto here = static_cast<double>(counts_[i]);
        const double lower = i == 0 ? 0 : bounds_[i - 1];
        if (here > 0 && before + here >= rank)
            return lower + (bounds_[i] - lower) * (rank - before) / here;
        before += here;
    }
    return bounds_.back();
}

}  // namespace corral
