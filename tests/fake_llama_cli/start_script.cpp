// FAKE_LLAMA_CLI, and the numbers and names that cues share with it.
#include <charconv>
#include <csignal>
#include <sstream>

#include "fake_llama_cli/script.hpp"

namespace fake {
namespace {

struct SignalName {
    std::string_view name;
    int number;
};

constexpr SignalName signal_names[] = {{"ABRT", SIGABRT}, {"BUS", SIGBUS},   {"FPE", SIGFPE},
                                       {"HUP", SIGHUP},   {"ILL", SIGILL},   {"INT", SIGINT},
                                       {"KILL", SIGKILL}, {"SEGV", SIGSEGV}, {"TERM", SIGTERM}};

std::chrono::milliseconds duration(std::string_view text, std::string_view what) {
    return std::chrono::milliseconds(whole_number(text, what));
}

StartScript::Exit parse_exit_after(std::string_view value) {
    const std::size_t colon = std::min(value.find(':'), value.size());
    const std::string_view code = value.substr(std::min(colon + 1, value.size()));
    return {duration(value.substr(0, colon), "exit-after"), whole_number(code, "exit-after")};
}

std::vector<int> parse_signals(const std::string& value) {
    std::vector<int> numbers;
    std::istringstream names(value);
    for (std::string name; std::getline(names, name, ',');) numbers.push_back(signal_number(name));
    return numbers;
}

std::string parse_file(const std::string& value, std::string_view what) {
    if (value.empty()) throw ScriptError(std::string(what) + " needs the name of a file");
    return value;
}

void parse_word(StartScript& script, const std::string& word) {
    const std::size_t equals = std::min(word.find('='), word.size());
    const std::string name = word.substr(0, equals);
    const std::string value = word.substr(std::min(equals + 1, word.size()));
    if (word == "never-ready") {
        script.never_ready = true;
    } else if (word == "fail-load") {
        script.fail_load = true;
    } else if (name == "exit-at-start") {
        script.exit = {std::chrono::milliseconds(0), whole_number(value, name)};
    } else if (name == "exit-after") {
        script.exit = parse_exit_after(value);
    } else if (name == "load") {
        script.load = duration(value, name);
    } else if (name == "ignore") {
        script.ignored_signals = parse_signals(value);
    } else if (name == "token-ms") {
        script.per_token = duration(value, name);
    } else if (name == "leak") {
        script.leak_mib = static_cast<unsigned>(whole_number(value, name));
    } else if (name == "wrong-echo") {
        script.wrong_echo = whole_number(value, name);
    } else if (name == "only") {
        script.only_file = parse_file(value, name);
    } else if (name == "log") {
        script.log_file = parse_file(value, name);
    } else {
        throw ScriptError("unknown word in FAKE_LLAMA_CLI: " + word);
    }
}

}  // namespace

int signal_number(std::string_view name) {
    for (const SignalName& known : signal_names)
        if (known.name == name) return known.number;
    throw ScriptError("unknown signal: " + std::string(name));
}

int whole_number(std::string_view text, std::string_view what) {
    int number = 0;
    const char* end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || parsed != end || number < 0)
        throw ScriptError(std::string(what) + " needs a whole number, not \"" + std::string(text) +
                          '"');
    return number;
}

StartScript parse_start_script(std::string_view text) {
    StartScript script;
    std::istringstream words{std::string(text)};
    for (std::string word; words >> word;) parse_word(script, word);
    return script;
}

}  // namespace fake
