// The one error of this folder: what() is a single line for an administrator, naming the place as
// far as it is known
// (`FILE:LINE:COLUMN: pools[0].workers: expected ...`). Thrown by loader.hpp and validate.hpp.
#pragma once

#include <stdexcept>

namespace corral {

class ConfigError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace corral
