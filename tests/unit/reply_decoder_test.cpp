#include "ipc/reply_decoder.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace corral;

namespace {

constexpr std::string_view nonce = "0123456789abcdef0123456789abcdef";
const std::string start = "Chat history cleared.\n\n> ";
const std::string trailer = "\n> " + sentinel_echo(nonce);

struct Decoded {
    std::string text;
    unsigned tokens = 0;
    ReplyDecoder::Phase phase;
};

Decoded decode(const std::vector<std::string>& packets) {
    ReplyDecoder decoder(nonce);
    Decoded result;
    for (const std::string& packet : packets) {
        decoder.feed(packet);
        while (const auto piece = decoder.take()) {
            result.text += piece->text;
            result.tokens += piece->begins_token;
        }
    }
    result.phase = decoder.phase();
    return result;
}

std::vector<std::string> bytes_of(const std::string& text) {
    std::vector<std::string> packets;
    for (const char c : text) packets.emplace_back(1, c);
    return packets;
}

}  // namespace

TEST_CASE("an answer is what stands between the opening and the trailer") {
    const std::vector<std::string> answers = {
        "",
        "x",
        "1 2 3",
        "two\nlines",
        "ends in two newlines\n",
        "\n> ",
        "> ",
        "\n",
        "Error: file does not exist or cannot be opened: '/0123'",
        "\n> Error: file",
        "[ Prompt: 1.0 t/s | Generation: 2.0 t/s ]",
        "Chat history cleared.\n\n> "};
    for (const std::string& answer : answers) {
        CAPTURE(answer);
        for (const auto& packets : {std::vector<std::string>{start + answer + "\n" + trailer},
                                    std::vector<std::string>{start, answer + "\n", trailer},
                                    bytes_of(start + answer + "\n" + trailer)}) {
            const Decoded decoded = decode(packets);
            CHECK(decoded.text == answer);
            CHECK(decoded.phase == ReplyDecoder::Phase::ended);
        }
    }
}

TEST_CASE("another nonce's echo does not end an answer") {
    const std::string forged = "\n> " + sentinel_echo("ffffffffffffffffffffffffffffffff");
    const Decoded decoded = decode({start, "a", forged, "b", "\n" + trailer});
    CHECK(decoded.text == "a" + forged + "b");
    CHECK(decoded.phase == ReplyDecoder::Phase::ended);
}

TEST_CASE("each packet is one token, also when its end was held back") {
    CHECK(decode({start, "1", " 2", " 3", "\n", trailer}).tokens == 3);
    CHECK(decode({start, "a\n", "\n", "b", "\n", trailer}).tokens == 3);
    CHECK(decode({start, "\n", "\n", "\n", "x", "\n", trailer}).tokens == 4);
}

TEST_CASE("text is delivered as soon as it cannot be the end") {
    ReplyDecoder decoder(nonce);
    decoder.feed(start);
    decoder.feed("hello");
    CHECK(decoder.take()->text == "hello");
    decoder.feed("\n");
    CHECK_FALSE(decoder.take());
    decoder.feed("\n> Err");
    CHECK_FALSE(decoder.take());
    decoder.feed("ing");
    CHECK(decoder.take()->text == "\n");
    CHECK(decoder.take()->text == "\n> Err");
    CHECK(decoder.take()->text == "ing");
}

TEST_CASE("the last words of a process that exits of a SIGINT are no part of the answer") {
    const std::vector<std::string> endings = {"\n\n> \n\nExiting...\n", "\n> \n\nExiting...\n",
                                              "\x1b[0m\n", "\n\n> \x1b[0m\n",
                                              "\n> \n\nExiting...\n\x1b[0m\n"};
    for (const std::string& words : endings) {
        CAPTURE(words);
        CHECK(decode({start, "a", words}).text == "a");
        CHECK(decode(bytes_of(start + "a" + words)).text == "a");
        CHECK(decode({start, "a", words, "b", "\n", trailer}).text == "a" + words + "b");
    }
}

TEST_CASE("what the protocol does not allow is told, for good") {
    using enum ReplyDecoder::Phase;
    CHECK(decode({"Hello"}).phase == broken);
    CHECK(decode({"Chat history", " lost.\n"}).phase == broken);
    CHECK(decode({start, "a\n" + trailer + "more"}).phase == broken);
    CHECK(decode({start, "a\n" + trailer, "more", start}).phase == broken);
    CHECK(decode({"Chat hist"}).phase == opening);
    CHECK(decode({start, "a"}).phase == answer);
}
