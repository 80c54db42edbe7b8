// The parts of GET /v1/pool, for supervisor/pool_report.cpp alone.
#pragma once

#include <boost/json.hpp>

#include "supervisor/pool_report.hpp"

namespace corral::report {

namespace json = boost::json;

std::int64_t whole_seconds(TimePoint from, TimePoint to);
double rounded(double value);  // to three decimals

json::object worker(const Worker::Snapshot& worker, ProcessWatch& processes, TimePoint now);
json::object request(const PoolMetrics::Running& request);

// The last 15 minutes, or since the start if that is later: as a whole, and in pieces.
json::object recent(PoolMetrics& metrics);
json::object history(PoolMetrics& metrics, TimePoint now);
json::array deaths(const RecentDeaths& deaths, TimePoint now);

}  // namespace corral::report
