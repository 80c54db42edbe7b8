#include "supervisor/api_keys.hpp"

#include <sys/stat.h>

#include <cstring>
#include <fstream>

namespace corral {
namespace {

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    unsigned difference = a.size() != b.size();
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned char>(a[i]) ^
                      static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
    return difference == 0;
}

}  // namespace

ApiKeys::ApiKeys(const std::string& path) {
    std::ifstream file(path);
    if (!file)
        throw ApiKeyError("cannot read the API key file " + path + ": " + std::strerror(errno));
    struct stat status {};
    if (stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0)
        throw ApiKeyError("the API key file " + path + " can be read by every user; chmod o-r it");
    for (std::string line; std::getline(file, line);) {
        while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())))
            line.pop_back();
        if (!line.empty() && line.front() != '#') keys_.push_back(line);
    }
    if (keys_.empty()) throw ApiKeyError("the API key file " + path + " holds no key");
}

bool ApiKeys::allow(std::string_view authorization) const {
    if (keys_.empty()) return true;
    constexpr std::string_view scheme = "Bearer ";
    if (!authorization.starts_with(scheme)) return false;
    authorization.remove_prefix(scheme.size());
    bool found = false;
    for (const std::string& key : keys_) found |= equal_in_constant_time(authorization, key);
    return found;
}

}  // namespace corral
