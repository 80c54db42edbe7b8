#include "supervisor/pool_metrics.hpp"

#include <algorithm>

#include "supervisor/request_meter.hpp"

namespace corral {

const PoolMetrics::Figures& PoolMetrics::figures() {
    for (RequestMeter* meter : meters_) meter->look();
    return figures_;
}

RecentFigures::Figures PoolMetrics::last(std::chrono::seconds span) {
    return recent().last(span, clock_.now());
}

const RecentFigures& PoolMetrics::recent() {
    for (RequestMeter* meter : meters_) meter->look();
    return recent_;
}

std::vector<PoolMetrics::Running> PoolMetrics::running() const {
    std::vector<Running> all;
    for (const RequestMeter* meter : meters_)
        if (meter->worker_) all.push_back(meter->running());
    return all;
}

double PoolMetrics::oldest_wait_seconds() const {
    const TimePoint now = clock_.now();
    TimePoint oldest = now;
    for (const RequestMeter* meter : meters_)
        if (meter->step_ == RequestMeter::Step::queued)
            oldest = std::min(oldest, meter->step_began_);
    return seconds(now - oldest);
}

}  // namespace corral
