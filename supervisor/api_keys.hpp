// The keys that TCP clients must show, from a file with one key per line (empty lines and lines
// that start with # do not count). A key may be followed by the word `high`: its requests go first.
// Owned by the access rules.
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
    struct Key {
        std::string text;
        bool high_priority;
        unsigned line;  // in the file: names the client without telling the key
    };

    ApiKeys() = default;  // none: everybody may come
    // Throws ApiKeyError, one line, also for a file that every user may read.
    explicit ApiKeys(const std::string& path);

    bool empty() const { return keys_.empty(); }
    // The key that an Authorization header's value shows, or nothing; the time it takes tells
    // nothing of the keys.
    const Key* find(std::string_view authorization) const;

  private:
    std::vector<Key> keys_;
};

}  // namespace corral
