#include "supervisor/api_keys.hpp"

#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <sstream>

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
    unsigned number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        std::istringstream words(line);
        std::string key, priority, more;
        words >> key >> priority >> more;
        if (key.empty() || key.front() == '#') continue;
        if ((!priority.empty() && priority != "high") || !more.empty())
            throw ApiKeyError("the API key file " + path + ", line " + std::to_string(number) +
                              ": expected a key, or a key and the word high");
        keys_.push_back({key, !priority.empty(), number});
    }
    if (keys_.empty()) throw ApiKeyError("the API key file " + path + " holds no key");
}

const ApiKeys::Key* ApiKeys::find(std::string_view authorization) const {
    constexpr std::string_view scheme = "Bearer ";
    if (!authorization.starts_with(scheme)) return nullptr;
    authorization.remove_prefix(scheme.size());
    const Key* found = nullptr;
    for (const Key& key : keys_)
        if (equal_in_constant_time(authorization, key.text)) found = &key;
    return found;
}

}  // namespace corral
