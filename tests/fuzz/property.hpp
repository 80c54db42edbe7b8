// How a fuzz target says that a property does not hold: loudly, whatever the build type, and so
// that libFuzzer and ctest both take it for a crash.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace corral::fuzz {

inline void require(bool holds, std::string_view property) {
    if (holds) return;
    std::fprintf(stderr, "violated: %.*s\n", static_cast<int>(property.size()), property.data());
    std::abort();
}

}  // namespace corral::fuzz
