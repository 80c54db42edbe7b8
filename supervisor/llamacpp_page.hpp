// GET /metrics/llamacpp: the figures that llama-server has too, under its names, for dashboards
// that exist. A page of its own, because promtool complains about the colon in these names.
#pragma once

#include <string>
#include <vector>

#include "supervisor/pool.hpp"

namespace corral {

std::string llamacpp_page(const std::vector<Pool*>& pools);

}  // namespace corral
