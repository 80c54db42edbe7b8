// `corral status --watch`: follows the server's stream of reports until the person leaves.
#pragma once

#include <functional>
#include <string>

#include "cli/connection.hpp"

namespace corral {

// What a report looks like; throws PoolReportError.
using RenderReport = std::function<std::string(const std::string& report)>;

// On the other screen of a terminal, until a signal. Goes on when the server goes away: it may come
// back. Returns the exit code.
int watch_on_screen(const ConnectionOptions& options, const RenderReport& render);

// One report after another, until stdout or the server goes away. Returns the exit code.
int watch_in_lines(const ConnectionOptions& options, const RenderReport& render);

}  // namespace corral
