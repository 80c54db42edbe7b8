// GET /v1/pool as a table for people. Pure.
#pragma once

#include <boost/json/fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace corral {

struct PoolReportError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws PoolReportError if `report` is not such a report. Fields that are missing show as "-".
std::string pool_table(std::string_view report);

// One pool of the report: its name, its queue, its workers. Throws what Boost.JSON does.
std::string pool_section(const boost::json::object& pool);

}  // namespace corral
