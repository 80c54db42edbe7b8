// How far a model is loaded, as a bar for a terminal. Pure.
#pragma once

#include <string>

#include "supervisor/model_loading.hpp"

namespace corral {

// "██████░░░░░░░░░░░░░░  31 %  1.18 GiB of 3.80 GiB"
std::string loading_bar(const LoadingProgress& progress);

}  // namespace corral
