// What the tests of config/ share: a configuration as a flat list of keys and values, through the
// same walk that the loader takes, and the error of a text that must be refused.
#pragma once

#include <map>
#include <string>

#include "config/fields.hpp"
#include "config/loader.hpp"

namespace corral::test {

using Flat = std::map<std::string, std::string>;

// Visitor of fields.hpp: "pools[0].workers" -> "3". Listeners that are off are not there.
class Flattener {
  public:
    Flattener(Flat& out, std::string prefix) : out_(out), prefix_(std::move(prefix)) {}

    template <class Field, class Rule>
    void value(const std::string& key, const Field& field, const Rule& rule) {
        out_[prefix_ + key] = rule.show(field);
    }
    template <class Section>
    void section(const std::string& key, const Section& section) {
        Flattener inner(out_, prefix_ + key + ".");
        visit_fields(inner, section);
    }
    template <class Section>
    void optional_section(const std::string& key, const std::optional<Section>& optional) {
        if (optional) section(key, *optional);
    }
    template <class Item>
    void list(const std::string& key, const std::vector<Item>& items, std::size_t) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            section(key + "[" + std::to_string(i) + "]", items[i]);
        }
    }
    template <class Rule>
    void texts(const std::string& key, const std::vector<std::string>& items, const Rule&,
               std::size_t) {
        std::string& all = out_[prefix_ + key];
        for (const std::string& item : items) all += "<" + item + ">";
    }
    template <class Rule>
    void text_map(const std::string& key, const std::map<std::string, std::string>& items,
                  const Rule&, std::size_t) {
        std::string& all = out_[prefix_ + key];
        for (const auto& [name, text] : items) all += "<" + name + "=" + text + ">";
    }

  private:
    Flat& out_;
    std::string prefix_;
};

inline Flat flatten(const Config& config) {
    Flat out;
    Flattener flattener(out, "");
    visit_fields(flattener, config);
    return out;
}

// A small world of environment variables, with nothing of the machine's.
inline const char* test_variable(const char* name) {
    static const std::map<std::string, std::string> variables{
        {"MODEL", "/srv/model.gguf"}, {"WORKERS", "7"},      {"EMPTY", ""},
        {"SNEAKY", "x\nworkers: 9"},  {"NULL_WORD", "null"},
    };
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
}

inline Config parse(std::string_view text) {
    return parse_config(text, "c.yaml", test_variable);
}

// The message, or "accepted".
inline std::string error_of(std::string_view text) {
    try {
        parse(text);
    } catch (const ConfigError& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace corral::test
