// The keys that TCP clients must show, from a file with one key per line (empty lines and lines
// that start with # do not count). Read once at start; owned by the API.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace corral {

struct ApiKeyError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

class ApiKeys {
  public:
    ApiKeys() = default;  // none: everybody may come
    // Throws ApiKeyError, one line, also for a file that every user may read.
    explicit ApiKeys(const std::string& path);

    // Whether an Authorization header's value shows one of the keys; the time it takes tells
    // nothing of them.
    bool allow(std::string_view authorization) const;

  private:
    std::vector<std::string> keys_;
};

}  // namespace corral
