// `${NAME}` in a value stands for an environment variable; `$${` is a literal `${`. Used after YAML
// parsing, so that a variable can never bring in structure of its own. Pure apart from the given
// lookup.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace corral {

// Value of the variable, or null if it is not set: std::getenv fits.
using EnvLookup = std::function<const char*(const char* name)>;

class ExpandError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// Throws ExpandError for a variable that is not set, a bad name, a missing `}`, or a result over 32
// KiB. Replaced text is not looked at again.
std::string expand_env(std::string_view text, const EnvLookup& lookup);

// True for what may name an environment variable: letters, digits and underscores, no digit first.
bool is_env_name(std::string_view name);

}  // namespace corral
