#include "cli/command.hpp"

namespace corral {

const char* version_line() {
    return "corral " CORRAL_VERSION;
}

}  // namespace corral
