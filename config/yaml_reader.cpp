#include "config/yaml_reader.hpp"

#include <algorithm>

#include "config/config_error.hpp"
#include "config/near_miss.hpp"
#include "config/text.hpp"

namespace corral {

namespace {

std::string_view name_of(YamlNode::Kind kind) {
    switch (kind) {
        case YamlNode::Kind::nothing:
            return "nothing";
        case YamlNode::Kind::scalar:
            return "a single value";
        case YamlNode::Kind::list:
            return "a list";
        case YamlNode::Kind::map:
            return "a map of keys";
    }
    return {};
}

}  // namespace

YamlReader::YamlReader(std::string source_name, EnvLookup lookup)
    : source_name_(std::move(source_name)), lookup_(std::move(lookup)) {}

void YamlReader::read(const YamlDocument& document, Config& config) {
    const YamlNode* const root = document.root();
    if (root == nullptr || root->kind == YamlNode::Kind::nothing) {
        fail_at({}, "", "the file is empty; at least \"pools\" is needed");
    }
    positions_[""] = root->at;
    read_map("", *root, config);
}

const YamlNode* YamlReader::find(std::string_view key) {
    Scope& scope = scopes_.back();
    scope.known.push_back(key);
    for (const auto& [name, value] : scope.node->entries) {
        if (name->text != key) continue;
        // yaml-cpp places a missing value at the next thing in the file.
        positions_[path_of(key)] = value->kind == YamlNode::Kind::nothing ? name->at : value->at;
        return value;
    }
    return nullptr;
}

std::string YamlReader::path_of(std::string_view key) const {
    const std::string& parent = scopes_.back().path;
    return (parent.empty() ? "" : parent + ".") + shown_key(key);
}

void YamlReader::enter(const std::string& path, const YamlNode& node) {
    expect_kind(path, node, YamlNode::Kind::map);
    scopes_.push_back({path, &node, {}});
    check_duplicates(node);
}

void YamlReader::leave() {
    const Scope& scope = scopes_.back();
    for (const auto& [name, value] : scope.node->entries) {
        if (std::ranges::find(scope.known, name->text) != scope.known.end()) continue;
        std::string message = "unknown key " + quoted(name->text);
        if (const auto meant = find_near_miss(name->text, scope.known)) {
            message += "; did you mean " + quoted(*meant) + "?";
        }
        fail_at(name->at, path_of(name->text), message);
    }
    scopes_.pop_back();
}

std::string YamlReader::read_text(const std::string& path, const YamlNode& node,
                                  const std::string& expected) const {
    if (node.kind != YamlNode::Kind::scalar) {
        fail(path, "expected " + expected + ", got " + std::string(name_of(node.kind)));
    }
    try {
        return expand_env(node.text, lookup_);
    } catch (const ExpandError& error) {
        fail(path, error.what());
    }
}

void YamlReader::expect_kind(const std::string& path, const YamlNode& node,
                             YamlNode::Kind kind) const {
    if (node.kind == kind) return;
    std::string got(name_of(node.kind));
    if (node.kind == YamlNode::Kind::scalar) got = quoted(node.text);
    if (node.kind == YamlNode::Kind::nothing) got += "; leave the key out to use its defaults";
    fail(path, "expected " + std::string(name_of(kind)) + ", got " + got);
}

void YamlReader::check_size(const std::string& path, std::size_t size, std::size_t most) const {
    if (size <= most) return;
    fail(path, "expected at most " + std::to_string(most) + " items, got " + std::to_string(size));
}

void YamlReader::check_duplicates(const YamlNode& node) const {
    std::map<std::string_view, Position> first_at;
    for (const auto& [name, value] : node.entries) {
        const auto [first, inserted] = first_at.emplace(name->text, name->at);
        if (inserted) continue;
        fail_at(name->at, path_of(name->text),
                "duplicate key, first given on line " + std::to_string(first->second.line));
    }
}

void YamlReader::fail(const std::string& path, const std::string& message) const {
    std::string place = path;
    while (!positions_.contains(place)) {
        const std::size_t end = place.find_last_of(".[");
        place.resize(end == place.npos ? 0 : end);
        if (place.empty()) break;
    }
    const auto found = positions_.find(place);
    fail_at(found == positions_.end() ? Position{} : found->second, path, message);
}

void YamlReader::fail_at(Position at, const std::string& path, const std::string& message) const {
    std::string line =
        source_name_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
    if (!path.empty()) line += ": " + path;
    throw ConfigError(line + ": " + message);
}

void YamlReader::fail_expected(const std::string& path, const std::string& expected,
                               const std::string& got) const {
    fail(path, "expected " + expected + ", got " + quoted(got));
}

}  // namespace corral
