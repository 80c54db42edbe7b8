#include "fake_llama_cli/conversation.hpp"

#include <charconv>

#include "fake_llama_cli/script.hpp"

namespace fake {
namespace {

constexpr char record = '\x1e';
constexpr char unit = '\x1f';
constexpr char escape = '\x1d';
constexpr std::size_t token_bytes_max = 1000;
constexpr unsigned count_max = 1'000'000;

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

char unescaped(char letter) {
    switch (letter) {
        case 'n':
            return '\n';
        case 'r':
            return record;
        case 'u':
            return unit;
        case 'g':
            return escape;
        default:
            throw ScriptError("an unknown escape in the conversation");
    }
}

std::string decode_text(std::string_view encoded) {
    std::string text;
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        if (encoded[i] != escape) {
            text += encoded[i];
        } else if (++i < encoded.size()) {
            text += unescaped(encoded[i]);
        } else {
            throw ScriptError("half an escape in the conversation");
        }
    }
    return text;
}

void add_entry(Conversation& conversation, std::string role, std::string text) {
    if (role == "prefill") conversation.prefill = text;
    if (role == "user") conversation.last_user = text;
    conversation.prompt.push_back(std::move(role));
    for (std::string& token : tokens_of(text)) conversation.prompt.push_back(std::move(token));
}

// N of "Count to N.", 0 for another text.
unsigned count_wanted(std::string_view text) {
    constexpr std::string_view question = "Count to ";
    if (!text.starts_with(question) || !text.ends_with('.')) return 0;
    text.remove_prefix(question.size());
    text.remove_suffix(1);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    return whole && number <= count_max ? number : 0;
}

}  // namespace

Conversation decode_line(std::string_view line) {
    Conversation conversation;
    if (!line.starts_with(record)) {
        add_entry(conversation, "user", std::string(line));
        return conversation;
    }
    if (line.size() < 2 || !line.ends_with(record))
        throw ScriptError("a conversation without its end");
    line.remove_prefix(1);
    while (!line.empty()) {
        const std::string_view entry = line.substr(0, line.find(record));
        const std::size_t separator = entry.find(unit);
        if (separator == std::string_view::npos)
            throw ScriptError("an entry of the conversation without its role");
        add_entry(conversation, std::string(entry.substr(0, separator)),
                  decode_text(entry.substr(separator + 1)));
        line.remove_prefix(entry.size() + 1);
    }
    return conversation;
}

std::string answer_to(const std::string& text, std::string_view prefill) {
    std::string answer;
    const unsigned count = count_wanted(text);
    for (unsigned number = 1; number <= count; ++number)
        answer += (number > 1 ? " " : "") + std::to_string(number);
    if (count == 0) answer = text;
    return answer.starts_with(prefill) ? answer.substr(prefill.size()) : answer;
}

std::vector<std::string> tokens_of(std::string_view text) {
    std::vector<std::string> tokens;
    bool in_word = false;
    for (const char c : text) {
        const bool inside_character = (c & 0xc0) == 0x80;
        const bool word_ended = in_word && is_space(c);
        if (tokens.empty() || word_ended ||
            (tokens.back().size() >= token_bytes_max && !inside_character))
            tokens.emplace_back();
        tokens.back() += c;
        in_word = !is_space(c);
    }
    return tokens;
}

}  // namespace fake
