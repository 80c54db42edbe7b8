// What GET /v1/pool tells: every pool, its queue and its workers, never any message text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "supervisor/pool.hpp"

namespace corral {

std::string pool_report(const std::vector<std::unique_ptr<Pool>>& pools, TimePoint now);

}  // namespace corral
