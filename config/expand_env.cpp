#include "config/expand_env.hpp"

#include "config/text.hpp"

namespace corral {

namespace {

constexpr std::size_t expanded_bytes_max = 32 * 1024;
constexpr std::string_view name_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

std::string look_up(std::string_view name, const EnvLookup& lookup) {
    if (!is_env_name(name)) {
        throw ExpandError(quoted(name) + " in ${...} is not the name of an environment variable" +
                          "; write $${ for a literal ${");
    }
    const char* const value = lookup(std::string(name).c_str());
    if (value == nullptr) {
        throw ExpandError("the environment variable " + quoted(name) + " is not set");
    }
    return value;
}

}  // namespace

bool is_env_name(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    return name.find_first_not_of(name_characters) == name.npos;
}

std::string expand_env(std::string_view text, const EnvLookup& lookup) {
    std::string out;
    while (!text.empty()) {
        std::size_t consumed = 1;
        if (text.starts_with("$${")) {
            out += "${";
            consumed = 3;
        } else if (text.starts_with("${")) {
            const std::size_t close = text.find('}');
            if (close == text.npos) {
                throw ExpandError("\"${\" has no closing \"}\"; write $${ for a literal ${");
            }
            out += look_up(text.substr(2, close - 2), lookup);
            consumed = close + 1;
        } else {
            out += text[0];
        }
        text.remove_prefix(consumed);
        if (out.size() > expanded_bytes_max) throw ExpandError("the value is longer than 32 KiB");
    }
    return out;
}

}  // namespace corral
