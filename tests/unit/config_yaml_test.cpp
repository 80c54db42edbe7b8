// YAML itself: syntax errors, texts that are none, and the ones made to hurt.
#include <doctest/doctest.h>

#include "config/yaml_document.hpp"
#include "tests/unit/config_walk.hpp"

using namespace corral;
using namespace std::string_literals;
using corral::test::error_of;

namespace {

std::string repeated(const std::string& text, std::size_t bytes) {
    std::string out;
    while (out.size() + text.size() <= bytes) out += text;
    return out;
}

}  // namespace

TEST_CASE("nodes know where they stand and keep duplicates") {
    const YamlDocument document("# comment\na: [x, {y: 1}]\na: \"q\"\n");
    const YamlNode& root = *document.root();
    REQUIRE(root.kind == YamlNode::Kind::map);
    REQUIRE(root.entries.size() == 2);
    CHECK(root.entries[1].first->text == "a");
    CHECK(root.entries[1].first->at.line == 3);
    const YamlNode& list = *root.entries[0].second;
    REQUIRE(list.items.size() == 2);
    CHECK(list.at.line == 2);
    CHECK(list.at.column == 4);
    CHECK(list.items[1]->entries[0].second->text == "1");
    CHECK(list.items[1]->entries[0].second->at.column == 12);
}

TEST_CASE("syntax errors come with yaml-cpp's own place") {
    struct Case {
        std::string text;
        std::string error;
    };
    const Case cases[] = {
        {"a: b: c\n", "c.yaml:1:5: not valid YAML: illegal map value"},
        {"a:\n\tb: 1\n", "c.yaml:2:3: not valid YAML: illegal map value"},
        {"pools: [a, b", "c.yaml:1:8: not valid YAML: end of sequence flow not found"},
        {"a: 1\npools:\n  - {model: m\n", "c.yaml:3:5: not valid YAML: end of map flow not found"},
        {"a: \"x", "c.yaml:1:6: not valid YAML: illegal EOF in scalar"},
        // yaml-cpp takes this one for whole.
        {"a: 1\nb: \"x\n", "c.yaml:2:4: not valid YAML: this quote is never closed"},
        {"a: 'x\n\n", "c.yaml:1:4: not valid YAML: this quote is never closed"},
        {"a: *nowhere\n", "c.yaml:1:4: not valid YAML: the referenced anchor is not defined"},
        {"a: !!int 3\n",
         "c.yaml:1:4: YAML tags such as \"tag:yaml.org,2002:int\" are not used here"},
        {"a: \"x\\_y\"\n",
         "c.yaml:1:4: the YAML escapes \\_ and \\N are not used here; write the character"},
        {"? [a]\n: b\n", "c.yaml:1:3: expected the text of a key"},
        {": b\n", "c.yaml:1:1: expected the text of a key"},
        {"a: 1\n---\nb: 2\n", "c.yaml:2:1: a second YAML document begins here; only one is read"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        CHECK(error_of(c.text) == c.error);
    }
}

TEST_CASE("quotes that are closed after all") {
    for (const std::string value : {"\"a\\\"b\"", "'it''s'", "\"two\n  lines\"", "it's", "\"\\\\\"",
                                    "a \"b", "\"gr\xc3\xbc\xc3\x9f\""}) {
        CAPTURE(value);
        CHECK(error_of("\xef\xbb\xbf# \xc3\xbc\r\npools:\r\n  - model: " + value + "\n") ==
              "accepted");
    }
}

TEST_CASE("a file without content") {
    const std::string error = "c.yaml:1:1: the file is empty; at least \"pools\" is needed";
    for (const char* text :
         {"", "\n\n", "# only a comment\n", "---\n", "---\n...\n", "~\n", "   "}) {
        CAPTURE(text);
        CHECK(error_of(text) == error);
    }
}

TEST_CASE("bytes that are no text") {
    CHECK(error_of("a: 1\nb: \0x\n"s) == R"(c.yaml:2:4: not UTF-8 text: byte "\x00")");
    CHECK(error_of("a\xff") == R"(c.yaml:1:2: not UTF-8 text: byte "\xff")");
    CHECK(error_of("\xff\xfe"
                   "a\0"s) == R"(c.yaml:1:1: not UTF-8 text: byte "\xff")");
    // yaml-cpp would read no further than this byte, and so half the file.
    CHECK(error_of("pools: [{model: m}]\n\x04worker: 1\n") ==
          R"(c.yaml:2:1: not UTF-8 text: byte "\x04")");
}

TEST_CASE("texts made to hurt are refused at once") {
    constexpr std::size_t mib = 1024 * 1024;
    for (const std::string piece :
         {"[",      "{",          "- ",  "? ", "[[a,", "{a: ",      "[? ",   "[: ", "&a ", "!a ",
          "[a],\n", "\"",         "'",   ",",  "[,",   "a: [",      "%a ",   "#",   "|",   ">",
          "*a ",    "- [a, b]\n", "a\n", "\n", " ",    "{a: b},\n", "- a\n", ": "}) {
        CAPTURE(piece);
        CHECK(error_of(repeated(piece, mib)).starts_with("c.yaml:"));
    }
    CHECK(error_of("pools: " + std::string(200, '[') + std::string(200, ']')) ==
          "c.yaml:1:107: nested more than 100 levels deep");
    std::string indented;
    for (int i = 0; i < 1000; ++i) indented += std::string(i, ' ') + "a:\n";
    CHECK(error_of(indented) == "c.yaml:101:101: nested more than 100 levels deep");
    CHECK(error_of("[" + repeated("a,", 300'000) + "]") ==
          "c.yaml:1:200000: more than 100000 values");
}

TEST_CASE("an alias bomb costs nothing and fits nowhere") {
    std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
    for (char c = 'b'; c <= 'z'; ++c) {
        const char last = static_cast<char>(c - 1);
        bomb += std::string(1, c) + ": &" + c + " [" + repeated("*"s + last + ", ", 40) + "]\n";
    }
    CHECK(error_of(bomb + "pools: [{model: m}]\n") == "c.yaml:1:1: a: unknown key \"a\"");
    CHECK(error_of(bomb + "pools: *z\n") ==
          "c.yaml:25:4: pools[0]: expected a map of keys, got a list");
    CHECK(error_of("pools: &p [*p]\n") ==
          "c.yaml:1:8: pools[0]: expected a map of keys, got a list");
    CHECK(error_of("pools: [&p {model: m, sampling: *p}]\n") ==
          "c.yaml:1:13: pools[0].sampling.model: unknown key \"model\"");
}
