// Fuzz target: answers of llama-cli through ReplyDecoder, cut into packets as the input says.
#include "ipc/reply_decoder.hpp"

#include <string>

#include "tests/fuzz/cuts.hpp"
#include "tests/fuzz/property.hpp"

using namespace corral;
using fuzz::Cuts;
using fuzz::require;
using Phase = ReplyDecoder::Phase;
using Packets = std::vector<std::string_view>;

namespace {

// Short, so that the fuzzer forges the end often.
constexpr std::string_view nonce = "0f";
const std::string opening = "Chat history cleared.\n\n> ";
const std::string trailer = "\n> " + sentinel_echo(nonce);

struct Decoded {
    std::string text;
    std::vector<std::string> tokens;
    Phase phase = Phase::opening;
};

void take_all(ReplyDecoder& decoder, Decoded& decoded) {
    while (const auto piece = decoder.take()) {
        require(!piece->text.empty(), "a piece has text");
        require(piece->begins_token || !decoded.tokens.empty(), "the first piece begins a token");
        if (piece->begins_token) decoded.tokens.emplace_back();
        decoded.tokens.back() += piece->text;
        decoded.text += piece->text;
    }
    decoded.phase = decoder.phase();
}

Decoded decode(const Packets& packets) {
    ReplyDecoder decoder(nonce);
    Decoded decoded;
    for (const std::string_view packet : packets) {
        decoder.feed(packet);
        take_all(decoder, decoded);
    }
    return decoded;
}

// What of each packet lies within the answer: its tokens.
std::vector<std::string> tokens_of(const Packets& packets, std::size_t answer_bytes) {
    const std::size_t begin = opening.size();
    const std::size_t end = begin + answer_bytes;
    std::vector<std::string> tokens;
    std::size_t at = 0;
    for (const std::string_view packet : packets) {
        const std::size_t from = std::clamp(at, begin, end);
        const std::size_t to = std::clamp(at + packet.size(), begin, end);
        if (from < to) tokens.emplace_back(packet.substr(from - at, to - from));
        at += packet.size();
    }
    return tokens;
}

void check_whole_answer(const Cuts& cuts, std::string_view answer) {
    std::string stream = opening + std::string(answer);
    if (!answer.ends_with('\n')) stream += '\n';
    const std::size_t end = stream.size() - 1;
    stream += trailer;
    if (stream.find(trailer) < end) return;  // the model knows no nonce

    const Packets packets = cuts.of(stream);
    const std::string expected = stream.substr(opening.size(), end - opening.size());
    ReplyDecoder decoder(nonce);
    Decoded decoded;
    std::size_t fed = 0;
    for (const std::string_view packet : packets) {
        require(decoder.phase() != Phase::ended, "the end is not seen before it came");
        decoder.feed(packet);
        fed += packet.size();
        take_all(decoder, decoded);
        require(expected.starts_with(decoded.text), "nothing but the answer is delivered");
        require(fed <= opening.size() + decoded.text.size() + trailer.size() + 1,
                "no more is held back than can be the end");
    }
    require(decoded.phase == Phase::ended, "a whole answer ends");
    require(decoded.text == expected, "the answer comes out as it went in");
    require(decoded.tokens == tokens_of(packets, expected.size()), "each packet is one token");

    decoder.feed("x");
    require(decoder.phase() == Phase::broken && !decoder.take(), "bytes after the end are refused");
}

void check_any_stream(const Cuts& cuts, std::string_view stream) {
    const Decoded whole = decode({stream});
    const Decoded cut = decode(cuts.of(stream));
    if (stream.empty()) return;
    require(cut.phase == whole.phase, "cuts do not change the phase");
    require(cut.text == whole.text, "cuts do not change the text");
    require(stream.starts_with(opening) || whole.text.empty(), "no text without the opening");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = fuzz::as_text(data, size);
    const Cuts cuts(input);
    check_whole_answer(cuts, input);
    check_any_stream(cuts, input);
    check_any_stream(cuts, opening + std::string(input));
    return 0;
}
