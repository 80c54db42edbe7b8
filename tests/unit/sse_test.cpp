// Server-sent events, however the bytes are cut.
#include <doctest/doctest.h>

#include "cli/sse.hpp"

using namespace corral;
using Events = std::vector<std::string>;

namespace {

Events fed_in_pieces(std::string_view text, std::size_t size) {
    SseParser parser;
    Events all;
    for (std::size_t at = 0; at < text.size(); at += size)
        for (std::string& event : parser.feed(text.substr(at, size)))
            all.push_back(std::move(event));
    return all;
}

}  // namespace

TEST_CASE("events are the same however the bytes are cut") {
    struct Case {
        std::string_view text;
        Events expected;
    };
    const Case cases[] = {
        {"data: a\n\ndata: b\n\n", {"a", "b"}},
        {"data: a\r\n\r\ndata: b\r\n\r\n", {"a", "b"}},
        {"data: a\r\rdata: b\r\r", {"a", "b"}},
        {"data: a\ndata: b\n\n", {"a\nb"}},
        {"data:a\n\n", {"a"}},
        {"data:  a\n\n", {" a"}},
        {"data\n\n", {""}},
        {"data: a\ndata\n\n", {"a\n"}},
        {": a comment\nevent: x\nid: 1\nretry: 5\ndata: a\n\n", {"a"}},
        {"event: x\n\n", {}},
        {"\n\n\n", {}},
        {"database: a\n\n", {}},
        {"data: \xc3\xa9\xf0\x9f\x90\xae\n\n", {"\xc3\xa9\xf0\x9f\x90\xae"}},
        {"data: [DONE]\n\n", {"[DONE]"}},
        {"data: without an end\n", {}},
    };
    for (const Case& c : cases) {
        CAPTURE(c.text);
        for (const std::size_t size : {1u, 2u, 3u, 7u, 1000u})
            CHECK(fed_in_pieces(c.text, size) == c.expected);
    }
}

TEST_CASE("an event has a limit") {
    SseParser parser;
    CHECK(parser.feed("data: ok\n\n") == Events{"ok"});
    for (int i = 0; i < 2000; ++i) parser.feed("data: " + std::string(1000, 'x') + "\n");
    CHECK(parser.overflowed());
    CHECK(parser.feed("\n\ndata: late\n\n").empty());
}
