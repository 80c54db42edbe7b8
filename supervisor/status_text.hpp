// The service in one line, for STATUS= of the service manager. Pure.
#pragma once

#include <string>
#include <vector>

#include "supervisor/worker.hpp"

namespace corral {

// "2 ready, 0 busy, 0 queued, 1 not available; default/3 has loaded 45 % of 3.80 GiB".
std::string status_text(const std::vector<Worker::Snapshot>& workers, std::size_t queued);

}  // namespace corral
