// A YAML text as a tree of nodes that know where they stand. Wraps yaml-cpp's event parser rather
// than its Node, which keeps neither duplicate keys nor the places of keys, and recurses as deep as
// the text says. Owned by the loader while it reads one file; nodes live as long as the document.
#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace corral {

// Counted from 1; columns count bytes.
struct Position {
    int line = 1;
    int column = 1;
};

class YamlError : public std::runtime_error {
  public:
    YamlError(Position where, const std::string& message)
        : std::runtime_error(message), at(where) {}
    Position at;
};

// An alias (`*name`) is the very node of its anchor, so a node may be met more than once.
struct YamlNode {
    enum class Kind { nothing, scalar, list, map };
    using Entry = std::pair<const YamlNode*, const YamlNode*>;  // key (a scalar) and value

    Kind kind = Kind::nothing;
    Position at;
    std::string text;                    // of a scalar
    std::vector<const YamlNode*> items;  // of a list
    std::vector<Entry> entries;          // of a map, in the order of the text, duplicates included
};

class YamlDocument {
  public:
    // Throws YamlError for what is not one document of valid YAML: syntax errors (the place is
    // yaml-cpp's own), bytes that are no text, a second document, tags, keys that are not plain
    // text, more than 100 levels or 100'000 nodes.
    explicit YamlDocument(std::string_view text);

    // Null if the text holds nothing but comments.
    const YamlNode* root() const { return root_; }

  private:
    friend class YamlBuilder;

    std::deque<YamlNode> nodes_;  // a deque: addresses stay
    const YamlNode* root_ = nullptr;
};

}  // namespace corral
