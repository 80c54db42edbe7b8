// Fuzz target: any text as a configuration file, through parse_config().
#include "config/loader.hpp"

#include "config/text.hpp"
#include "config/validate.hpp"
#include "tests/fuzz/cuts.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/unit/config_walk.hpp"

using namespace corral;
using fuzz::require;

namespace {

std::string yaml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        char escaped[8];
        const bool plain = static_cast<unsigned char>(c) >= ' ' && c != 0x7f;
        std::snprintf(escaped, sizeof escaped, plain ? "%c" : "\\x%02x", c);
        if (c == '"' || c == '\\') out += '\\';
        out += escaped;
    }
    // A plain ${ asks for a variable.
    for (std::size_t at = 0; (at = out.find("${", at)) != out.npos; at += 3) out.insert(at, "$");
    return out + '"';
}

// Visitor of fields.hpp: a configuration as YAML on one line.
class Writer {
  public:
    template <class Field, class Rule>
    void value(const std::string& key, const Field& field, const Rule& rule) {
        add(key, yaml_text(rule.show(field)));
    }
    template <class Section>
    void section(const std::string& key, const Section& section) {
        add(key, written(section));
    }
    template <class Section>
    void optional_section(const std::string& key, const std::optional<Section>& optional) {
        if (optional) section(key, *optional);
    }
    template <class Item>
    void list(const std::string& key, const std::vector<Item>& items, std::size_t) {
        std::string all;
        for (const Item& item : items) all += (all.empty() ? "" : ", ") + written(item);
        add(key, "[" + all + "]");
    }
    template <class Rule>
    void texts(const std::string& key, const std::vector<std::string>& items, const Rule&,
               std::size_t) {
        std::string all;
        for (const std::string& item : items) all += (all.empty() ? "" : ", ") + yaml_text(item);
        add(key, "[" + all + "]");
    }
    template <class Rule>
    void text_map(const std::string& key, const std::map<std::string, std::string>& items,
                  const Rule&, std::size_t) {
        Writer inner;
        for (const auto& [name, text] : items) inner.add(yaml_text(name), yaml_text(text));
        add(key, inner.map());
    }
    template <class Section>
    static std::string written(const Section& section) {
        Writer writer;
        visit_fields(writer, section);
        return writer.map();
    }

  private:
    void add(const std::string& key, const std::string& value) {
        out_ += (out_.empty() ? "" : ", ") + key + ": " + value;
    }
    std::string map() const { return "{" + out_ + "}"; }

    std::string out_;
};

void check_error(std::string_view what) {
    require(what.starts_with("c.yaml:"), "an error names the file");
    require(!has_control_character(what) && !find_unreadable_byte(what),
            "an error is one readable line");
    require(what.size() < 2000, "an error is short");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::optional<Config> config;
    try {
        config = test::parse(fuzz::as_text(data, size));
    } catch (const ConfigError& error) {
        check_error(error.what());
    }
    if (!config) return 0;
    require(!find_problem(*config), "what is accepted makes sense");
    const std::string again = Writer::written(*config);
    if (again.size() > 1 << 20) return 0;  // aliases can make much of a small file
    const std::string outcome = test::error_of(again);
    require(outcome == "accepted", "a configuration written again: " + outcome + "\n" + again);
    require(test::flatten(test::parse(again)) == test::flatten(*config),
            "a configuration written again says the same");
    return 0;
}
