// What GET /v1/pool tells: every pool, its queue, its workers and what each is at, and what was
// done of late; never any message text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "supervisor/pool.hpp"
#include "supervisor/process_watch.hpp"

namespace corral {

std::string pool_report(const std::vector<std::unique_ptr<Pool>>& pools, ProcessWatch& processes,
                        TimePoint now);

}  // namespace corral
