// The pure helpers of config/: durations, near misses, variables, text.
#include <doctest/doctest.h>

#include <array>

#include "config/duration.hpp"
#include "config/expand_env.hpp"
#include "config/near_miss.hpp"
#include "config/text.hpp"
#include "tests/unit/config_walk.hpp"

using namespace corral;
using namespace std::string_literals;

TEST_CASE("a duration is a number and a unit") {
    struct Case {
        const char* text;
        milliseconds expected;
        const char* formatted;
    };
    const Case cases[] = {
        {"250ms", 250ms, "250ms"},
        {"1.5s", 1500ms, "1500ms"},
        {"60s", 60s, "1m"},
        {"90s", 90s, "90s"},
        {"5m", 5min, "5m"},
        {"0.5h", 30min, "30m"},
        {"24h", 24h, "24h"},
        {"0s", 0ms, "0s"},
        {"0ms", 0ms, "0s"},
        {"0.0004s", 0ms, "0s"},
        {"007s", 7s, "7s"},
        {"0.2505s", 251ms, "251ms"},
        {"999999999ms", 999999999ms, "999999999ms"},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        REQUIRE(parse_duration(c.text).has_value());
        CHECK(*parse_duration(c.text) == c.expected);
        CHECK(format_duration(c.expected) == c.formatted);
    }
}

TEST_CASE("what is no duration") {
    for (const char* text : {"",
                             "60",
                             "s",
                             "ms",
                             "-1s",
                             "+1s",
                             "1 s",
                             " 1s",
                             "1s ",
                             "1S",
                             "1min",
                             "1d",
                             ".5s",
                             "5.s",
                             "1.2.3s",
                             "1e3s",
                             "0x10s",
                             "infs",
                             "nan",
                             "1,5s",
                             "1000000000s",
                             "1.s",
                             "99999999999999999999h",
                             "1h30m"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_duration(text).has_value());
    }
}

TEST_CASE("edit distance counts a swap of neighbours as one") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("worker", "workers") == 1);
    CHECK(edit_distance("tpc", "tcp") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("a near miss") {
    const std::array<std::string_view, 7> keys{
        "name", "model", "workers", "tcp", "context", "env", "unsupported_sampling"};
    CHECK(find_near_miss("worker", keys) == "workers");
    CHECK(find_near_miss("Wrokers", keys) == "workers");
    CHECK(find_near_miss("modle", keys) == "model");
    CHECK(find_near_miss("unsupported-sampling", keys) == "unsupported_sampling");
    CHECK(find_near_miss("TCP", keys) == "tcp");
    CHECK(find_near_miss("pth", keys) ==
          std::nullopt);  // two edits of a short word mean another word
    CHECK(find_near_miss("temperature", keys) == std::nullopt);
    CHECK(find_near_miss("", keys) == std::nullopt);
    CHECK(find_near_miss(std::string(1'000'000, 'w'), keys) == std::nullopt);
}

TEST_CASE("variables in values") {
    const auto expand = [](std::string_view text) { return expand_env(text, test::test_variable); };
    CHECK(expand("") == "");
    CHECK(expand("plain $HOME $$ {x} }") == "plain $HOME $$ {x} }");
    CHECK(expand("${MODEL}") == "/srv/model.gguf");
    CHECK(expand("a${WORKERS}b${EMPTY}c${WORKERS}") == "a7bc7");
    CHECK(expand("$${MODEL}") == "${MODEL}");
    CHECK(expand("$$${WORKERS}") == "$${WORKERS}");
}

TEST_CASE("variables that are refused") {
    const auto error = [](std::string_view text) -> std::string {
        try {
            return "accepted: " + expand_env(text, test::test_variable);
        } catch (const ExpandError& e) {
            return e.what();
        }
    };
    CHECK(error("x${NOT_SET}") == R"(the environment variable "NOT_SET" is not set)");
    CHECK(error("${MODEL") == R"("${" has no closing "}"; write $${ for a literal ${)");
    CHECK(error("${}") ==
          R"("" in ${...} is not the name of an environment variable; write $${ for a literal ${)");
    CHECK(error("${A B}").starts_with(R"("A B" in ${...} is not the name)"));
    CHECK(error("${1A}").starts_with(R"("1A" in ${...} is not the name)"));
    CHECK(error(std::string(40'000, 'x')) == "the value is longer than 32 KiB");
}

TEST_CASE("a value is not looked at again after its variables") {
    CHECK(expand_env("${A}", [](const char*) { return "${B}"; }) == "${B}");
}

TEST_CASE("text in messages stays on one line") {
    CHECK(quoted("plain") == R"("plain")");
    CHECK(quoted("a\nb\tc\x7f\0d"s) == R"("a\nb\x09c\x7f\x00d")");
    CHECK(quoted("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
    CHECK(quoted("\xff\xc3") == R"("\xff\xc3")");
    CHECK(quoted(std::string(100, 'x')) == '"' + std::string(60, 'x') + "...\"");
    CHECK(shown_key("workers") == "workers");
    CHECK(shown_key("a\nb") == R"("a\nb")");
}

TEST_CASE("bytes that are no text") {
    CHECK(find_unreadable_byte("tab\tcr\r\nl\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xae") == std::nullopt);
    struct Case {
        std::string text;
        std::size_t at;
    };
    const Case cases[] = {
        {"ab\0c"s, 2},
        {"a\x04", 1},
        {"\x1b[0m", 0},
        {"a\x7f", 1},
        {"a\xff", 1},
        {"a\x80", 1},
        {"\xc0\xaf", 0},
        {"\xe0\x80\xaf", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"x\xe2\x82", 1},
        {"\xf8\x88\x80\x80\x80", 0},
        {"\xf0\x80\x80\xaf", 0},
    };
    for (const Case& c : cases) {
        CAPTURE(quoted(c.text));
        CHECK(find_unreadable_byte(c.text) == c.at);
    }
}
