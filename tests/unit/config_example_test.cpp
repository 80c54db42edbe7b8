// config/corral.yaml is the reference of the keys: it must load, say the defaults, and leave
// nothing out.
#include <doctest/doctest.h>

#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "config/yaml_document.hpp"
#include "tests/unit/config_walk.hpp"

using namespace corral;
using namespace corral::test;

namespace {

const std::string example_path = CORRAL_SOURCE_DIR "/config/corral.yaml";

std::string example() {
    std::ifstream file(example_path, std::ios::binary);
    REQUIRE(file);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The example with the TCP listener turned on the way its comment says.
std::string example_with_tcp() {
    std::istringstream lines(example());
    std::string out;
    for (std::string line; std::getline(lines, line); out += line + '\n') {
        const bool is_commented_key = line.starts_with("  # tcp:") || line.starts_with("  #   ");
        if (is_commented_key) line.erase(2, 2);
    }
    return out;
}

Config defaults() {
    Config config;
    config.pools.emplace_back().model = "models/llama-rush.gguf";
    return config;
}

void collect_keys(const YamlNode& node, const std::string& path, std::set<std::string>& keys) {
    for (const auto& [key, value] : node.entries) {
        const std::string inner = (path.empty() ? "" : path + ".") + key->text;
        const bool is_section = value->kind == YamlNode::Kind::map && !value->entries.empty();
        if (is_section || !value->items.empty()) {
            collect_keys(*value, inner, keys);
        } else {
            keys.insert(inner);
        }
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        collect_keys(*node.items[i], path + "[" + std::to_string(i) + "]", keys);
    }
}

}  // namespace

TEST_CASE("the example loads and says the defaults") {
    CHECK(flatten(load_config(example_path)) == flatten(defaults()));
}

TEST_CASE("the example's listener for TCP says the defaults, once turned on") {
    Config config = defaults();
    config.listen.tcp.emplace();
    CHECK(flatten(parse(example_with_tcp())) == flatten(config));
}

TEST_CASE("every key that the loader knows stands in the example") {
    Config config = defaults();
    config.listen.tcp.emplace();
    std::set<std::string> known;
    for (const auto& [key, value] : flatten(config)) known.insert(key);

    const std::string text = example_with_tcp();
    const YamlDocument document(text);
    std::set<std::string> shown;
    collect_keys(*document.root(), "", shown);
    CHECK(shown == known);
}

TEST_CASE("damaged examples are refused or read, never worse") {
    const std::string whole = example_with_tcp();
    const std::string pieces = "[]{}:,-?&*!|>'\"%@`#\\ \n\t\r0aZ~$\x04\xc3\xff";
    std::mt19937 random(20240607);  // fixed, so that a failure comes again
    const auto below = [&](std::size_t n) { return random() % n; };
    for (int round = 0; round < 1500; ++round) {
        std::string text = whole;
        if (round % 3 == 0) text.resize(below(text.size()));
        for (std::size_t edits = below(6); edits > 0 && !text.empty(); --edits) {
            const std::size_t at = below(text.size());
            const char piece = pieces[below(pieces.size())];
            switch (below(3)) {
                case 0:
                    text[at] = piece;
                    break;
                case 1:
                    text.insert(at, 1 + below(4), piece);
                    break;
                case 2:
                    text.erase(at, below(40));
                    break;
            }
        }
        CAPTURE(round);
        const std::string error = error_of(text);
        CHECK((error == "accepted" || error.starts_with("c.yaml:")));
        CHECK(error.find('\n') == error.npos);
    }
}
