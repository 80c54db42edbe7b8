// The cues inside a user's message.
#include <algorithm>
#include <sstream>

#include "fake_llama_cli/script.hpp"

namespace fake {
namespace {

constexpr std::string_view white_space = " \t\r\n";

enum class Argument { none, number, number_or_none, signal };

struct Form {
    std::string_view name;
    Cue::Kind kind;
    Argument argument;
    bool placed;  // "at K" follows
};

constexpr Form forms[] = {
    {"crash", Cue::Kind::crash, Argument::signal, true},
    {"exit", Cue::Kind::exit, Argument::number, true},
    {"stall", Cue::Kind::stall, Argument::none, true},
    {"spin", Cue::Kind::spin, Argument::number_or_none, true},
    {"sleep", Cue::Kind::sleep, Argument::number, true},
    {"garbage", Cue::Kind::garbage, Argument::none, true},
    {"close-stdout", Cue::Kind::close_stdout, Argument::none, true},
    {"endless", Cue::Kind::endless, Argument::none, false},
    {"wrong-sentinel", Cue::Kind::wrong_sentinel, Argument::none, false},
    {"leak", Cue::Kind::leak, Argument::number, false},
    {"zombie", Cue::Kind::zombie, Argument::none, true},
};

// The words of one cue, taken from the front; "" when there are none left.
class Words {
  public:
    explicit Words(std::string_view text) : stream_(std::string(text)) { take(); }

    const std::string& front() const { return word_; }
    std::string take() {
        std::string taken = std::move(word_);
        word_.clear();
        stream_ >> word_;
        return taken;
    }

  private:
    std::istringstream stream_;
    std::string word_;
};

const Form& form_named(const std::string& name) {
    const auto* form = std::ranges::find(forms, name, &Form::name);
    if (form == std::ranges::end(forms)) throw ScriptError("unknown cue: " + name);
    return *form;
}

Cue parse_cue(std::string_view text) {
    Words words(text);
    std::string once_file;
    std::string if_file;
    while (words.front() == "once" || words.front() == "if") {
        std::string& file = words.take() == "once" ? once_file : if_file;
        file = words.take();
    }
    const Form& form = form_named(words.take());
    Cue cue{form.kind, 0, 0, once_file, if_file};
    if (form.argument == Argument::signal) {
        cue.number = signal_number(words.take());
    } else if (form.argument == Argument::number ||
               (form.argument == Argument::number_or_none && words.front() != "at")) {
        cue.number = whole_number(words.take(), form.name);
    }
    if (form.placed) {
        if (words.take() != "at") throw ScriptError(std::string(form.name) + " needs \"at K\"");
        cue.at = static_cast<std::size_t>(whole_number(words.take(), "at"));
    }
    if (!words.front().empty())
        throw ScriptError("too many words in the cue: " + std::string(text));
    return cue;
}

}  // namespace

CuedText take_cues(std::string_view message) {
    CuedText result;
    while (true) {
        const std::size_t begin = message.find('[');
        result.text += message.substr(0, begin);
        if (begin == std::string_view::npos) break;
        const std::size_t end = message.find(']', begin);
        if (end == std::string_view::npos) throw ScriptError("a cue without its ]");
        result.cues.push_back(parse_cue(message.substr(begin + 1, end - begin - 1)));
        result.text.erase(result.text.find_last_not_of(white_space) + 1);
        message.remove_prefix(end + 1);
        if (result.text.empty())
            message.remove_prefix(std::min(message.find_first_not_of(white_space), message.size()));
    }
    std::ranges::stable_sort(result.cues, {}, &Cue::at);
    return result;
}

}  // namespace fake
