// Fills the structs of config.hpp from a YAML tree: the visitor of fields.hpp that knows the path
// and the place of every value, and which keys a map may have. Used by the loader for one document,
// then thrown away.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/expand_env.hpp"
#include "config/fields.hpp"
#include "config/yaml_document.hpp"

namespace corral {

class YamlReader {
  public:
    YamlReader(std::string source_name, EnvLookup lookup);

    // Overwrites the fields whose keys are in the document. Throws ConfigError for a value that its
    // rule refuses, and for unknown and duplicate keys. REQUIRES: the document outlives the reader.
    void read(const YamlDocument& document, Config& config);

    // Throws ConfigError with the place of the key (REQUIRES: read), or that of what it would stand
    // in.
    [[noreturn]] void fail(const std::string& path, const std::string& message) const;

    // What follows is for visit_fields.
    template <class Field, class Rule>
    void value(std::string_view key, Field& field, const Rule& rule) {
        if (const YamlNode* const node = find(key)) {
            field = static_cast<Field>(read_value(path_of(key), *node, rule));
        }
    }

    template <class Section>
    void section(std::string_view key, Section& section) {
        if (const YamlNode* const node = find(key)) read_map(path_of(key), *node, section);
    }

    // Inside a section that is given, what is not named is off.
    template <class Section>
    void optional_section(std::string_view key, std::optional<Section>& optional) {
        optional.reset();
        if (const YamlNode* const node = find(key)) {
            read_map(path_of(key), *node, optional.emplace());
        }
    }

    template <class Item>
    void list(std::string_view key, std::vector<Item>& list, std::size_t most) {
        list.clear();
        for_each_item(key, most, [&](const std::string& path, const YamlNode& node) {
            read_map(path, node, list.emplace_back());
        });
    }

    template <class Rule>
    void texts(std::string_view key, std::vector<std::string>& texts, const Rule& rule,
               std::size_t most) {
        for_each_item(key, most, [&](const std::string& path, const YamlNode& node) {
            texts.push_back(read_value(path, node, rule));
        });
    }

    template <class Rule>
    void text_map(std::string_view key, std::map<std::string, std::string>& map, const Rule& rule,
                  std::size_t most) {
        const YamlNode* const node = find(key);
        if (node == nullptr) return;
        const std::string path = path_of(key);
        enter(path, *node);
        check_size(path, node->entries.size(), most);
        for (const auto& [name, item] : node->entries) {
            map[name->text] = read_value(path_of(name->text), *find(name->text), rule);
        }
        leave();
    }

  private:
    // A map that is being read.
    struct Scope {
        std::string path;
        const YamlNode* node;
        std::vector<std::string_view> known;  // the keys that were asked for
    };

    template <class Section>
    void read_map(const std::string& path, const YamlNode& node, Section& section) {
        enter(path, node);
        visit_fields(*this, section);
        leave();
    }

    template <class Rule>
    auto read_value(const std::string& path, const YamlNode& node, const Rule& rule) const {
        const std::string text = read_text(path, node, rule.expected());
        auto value = rule.parse(text);
        if (!value) fail_expected(path, rule.expected(), text);
        return *value;
    }

    template <class Read>
    void for_each_item(std::string_view key, std::size_t most, const Read& read) {
        const YamlNode* const node = find(key);
        if (node == nullptr) return;
        const std::string path = path_of(key);
        expect_kind(path, *node, YamlNode::Kind::list);
        check_size(path, node->items.size(), most);
        for (std::size_t i = 0; i < node->items.size(); ++i) {
            const std::string item_path = path + "[" + std::to_string(i) + "]";
            positions_[item_path] = node->items[i]->at;
            read(item_path, *node->items[i]);
        }
    }

    // The value of the key in the innermost map, its place noted; null if it is not there.
    const YamlNode* find(std::string_view key);
    std::string path_of(std::string_view key) const;

    void enter(const std::string& path, const YamlNode& node);
    void leave();  // refuses the keys that nobody asked for

    std::string read_text(const std::string& path, const YamlNode& node,
                          const std::string& expected) const;
    void expect_kind(const std::string& path, const YamlNode& node, YamlNode::Kind kind) const;
    void check_size(const std::string& path, std::size_t size, std::size_t most) const;
    void check_duplicates(const YamlNode& node) const;

    [[noreturn]] void fail_at(Position at, const std::string& path,
                              const std::string& message) const;
    [[noreturn]] void fail_expected(const std::string& path, const std::string& expected,
                                    const std::string& got) const;

    std::string source_name_;
    EnvLookup lookup_;
    std::vector<Scope> scopes_;
    std::map<std::string, Position, std::less<>> positions_;  // by the path of the value
};

}  // namespace corral
