// What GET /metrics tells, in Prometheus' text format: docs/metrics.md.
// Labels are names of pools and workers, which come from the configuration, and words of
// supervisor/outcome.hpp.
#pragma once

#include <string>
#include <vector>

#include "supervisor/pool.hpp"
#include "supervisor/process_watch.hpp"

namespace corral {

struct MetricsSources {
    std::vector<Pool*> pools;
    const RefusedCounts& refused;
    ProcessWatch& processes;
    TimePoint now;
    long started;  // corral, in seconds since the epoch
};

std::string metrics_page(const MetricsSources& sources);

}  // namespace corral
