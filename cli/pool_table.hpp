// GET /v1/pool as a table for people. Pure.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace corral {

struct PoolReportError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Throws PoolReportError if `report` is not such a report. Fields that are missing show as "-".
std::string pool_table(std::string_view report);

}  // namespace corral
