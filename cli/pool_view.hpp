// GET /v1/pool as corral status shows it: the workers and the queue of each pool, what it did in
// the last 15 minutes, who died, and the memory. Pure.
#pragma once

#include <string>
#include <string_view>

#include "cli/pool_table.hpp"

namespace corral {

// Charts fit into so many columns; tables are as wide as they are. Throws PoolReportError.
std::string pool_view(std::string_view report, unsigned columns);

}  // namespace corral
