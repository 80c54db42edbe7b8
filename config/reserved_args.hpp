// The options of llama-cli that `extra_args` may not hold, because corral sets them itself or
// because they would break its dialogue with llama-cli over the pipes. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace corral {

// Why the argument is refused, in words for an administrator; nothing if it may be passed on.
std::optional<std::string> find_reserved_arg(std::string_view argument);

}  // namespace corral
