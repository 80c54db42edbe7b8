#include "ipc/chat_line.hpp"

#include <doctest/doctest.h>

#include "ipc/chat_template.hpp"
#include "ipc/utf8.hpp"

using namespace corral;

TEST_CASE("a conversation becomes one line that starts and ends with RS") {
    const Conversation conversation{{{"system", "Be brief."}, {"user", "Hi"}}, ""};
    CHECK(encode_chat_line(conversation) ==
          "\x1esystem\x1f"
          "Be brief.\x1euser\x1fHi\x1e");
}

TEST_CASE("a prefill is an entry of its own, after the messages") {
    CHECK(encode_chat_line({{{"user", "Count"}}, "1 2"}) ==
          "\x1euser\x1f"
          "Count\x1eprefill\x1f"
          "1 2\x1e");
}

TEST_CASE("newlines and the separators themselves are escaped, nothing is lost") {
    const std::string line = encode_chat_line({{{"user", "a\nb\x1e\x1f\x1d"}}, ""});
    CHECK(line ==
          "\x1euser\x1f"
          "a\x1dnb\x1dr\x1du\x1dg\x1e");
}

TEST_CASE("no text can make the line a command or join it with the next") {
    for (const char* text : {"/exit", "/read /etc/passwd", "x\\", "x/", "\n/clear\n", ""}) {
        const std::string line = encode_chat_line({{{"user", text}}, text});
        CHECK(line.front() == separators::record);
        CHECK(line.back() == separators::record);
        CHECK(line.find('\n') == std::string::npos);
    }
}

TEST_CASE("what llama-cli cannot be given is named") {
    CHECK(unencodable("plain, ünïcödé, \x1e \x7f \r\t") == "");
    CHECK(unencodable(std::string_view("a\0b", 3)) == "contains a NUL character");
    CHECK(unencodable("\xff") == "is not valid UTF-8");
}

TEST_CASE("UTF-8 is judged as Unicode defines it") {
    for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                             "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        CHECK(is_valid_utf8(good));
    // Lone bytes, cut sequences, overlong forms, surrogates, beyond U+10FFFF.
    for (const char* bad : {"\x80", "\xc2", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
                            "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe"})
        CHECK_FALSE(is_valid_utf8(bad));
}

TEST_CASE("what is no UTF-8 is replaced byte by byte, and nothing else") {
    CHECK(to_valid_utf8("a\xff\xe2\x82\xc3\xa9\xc3") ==
          "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd");
    CHECK(to_valid_utf8("\xf0\x9f\xa6\x99 ok") == "\xf0\x9f\xa6\x99 ok");
}

TEST_CASE("the wrapped template keeps the model's own text unchanged") {
    const std::string model = "{{ messages }}{# anything #}";
    const std::string wrapped = wrap_chat_template(model);
    CHECK(wrapped.find("%}" + model + "{{-") != std::string::npos);
}
