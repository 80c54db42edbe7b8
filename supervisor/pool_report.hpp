// What GET /v1/pool tells: every pool, its queue, its workers and what each is at, what was done of
// late, who died, and what the memory is used for; never any message text. One line of JSON.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/size.hpp"
#include "supervisor/pool.hpp"
#include "supervisor/process_watch.hpp"

namespace corral {

struct ReportSources {
    const std::vector<std::unique_ptr<Pool>>& pools;
    ProcessWatch& processes;
    Share headroom;  // memory.headroom
    TimePoint now;
};

std::string pool_report(const ReportSources& sources);

}  // namespace corral
