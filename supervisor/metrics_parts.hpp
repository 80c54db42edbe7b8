// The parts of GET /metrics, for supervisor/metrics_page.cpp alone.
#pragma once

#include "supervisor/metrics_page.hpp"
#include "supervisor/pool_page.hpp"

namespace corral::metrics {

void requests(PoolPage& page);
void workers(PoolPage& page, const MetricsSources& sources);

}  // namespace corral::metrics
