#include "fake_llama_cli/dialect.hpp"

#include <algorithm>

#include "fake_llama_cli/conversation.hpp"
#include "fake_llama_cli/faults.hpp"

namespace fake {
namespace {

constexpr std::string_view opening = "Chat history cleared.\n\n> ";
constexpr std::string_view prompt = "\n> ";

}  // namespace

Dialect::Dialect(Options options, StartScript script, EventFile events)
    : options_(std::move(options)), script_(std::move(script)), events_(events) {}

void Dialect::greet() {
    log_line('I', "srv  llama_server: model loaded");
    write_packet("\n\nLoading model... \n\nbuild      : fake\nmodel      : " + options_.model +
                 "\nmodalities : text\n\navailable commands:\n"
                 "  /exit or Ctrl+C     stop or exit\n"
                 "  /clear              clear the chat history\n"
                 "  /read <file>        add a text file\n\n\n\n> ");
}

bool Dialect::line(const std::string& line, bool more) {
    constexpr std::string_view read_command = "/read ";
    if (line == "/clear") {
        release_opening();
        opening_held_ = true;
        if (!more) release_opening();
    } else if (line.starts_with(read_command)) {
        release_opening();
        read_file(std::string_view(line).substr(read_command.size()));
    } else if (line == "/exit") {
        release_opening();
        return false;
    } else if (line.empty()) {
        release_opening();
        write_packet(prompt);
    } else {
        converse(line);
    }
    return true;
}

// What /clear answers waits for a line that came with it: that may ask for garbage before it.
void Dialect::release_opening() {
    if (opening_held_) write_packet(opening);
    opening_held_ = false;
}

void Dialect::read_file(std::string_view name) {
    std::string echo = "Error: file does not exist or cannot be opened: '";
    echo += wrong_sentinel_ || ++sentinels_ == script_.wrong_echo ? "/wrong" : name;
    wrong_sentinel_ = false;
    write_packet(echo + "'\n\n> ");
}

void Dialect::converse(const std::string& line) {
    events_.record("request");
    Conversation conversation = decode_line(line);
    CuedText request = take_cues(conversation.last_user);
    Answer answer;
    answer.cues = due_cues(std::move(request.cues));
    if (!answer.cues.empty() && answer.cues.front().kind == Cue::Kind::garbage &&
        answer.cues.front().at == 0)
        obey_cues(answer, 0);
    release_opening();
    const unsigned prompt_tokens = begin_task(std::move(conversation.prompt));
    leak(script_.leak_mib);
    const End end = generate(answer, answer_to(request.text, conversation.prefill));
    end_task(answer, end, prompt_tokens);
    if (!answer.ends_line) write_packet("\n");
    write_packet(prompt);
}

// Those that are to happen this time.
std::vector<Cue> Dialect::due_cues(std::vector<Cue> cues) {
    std::erase_if(cues, [](const Cue& cue) {
        return (!cue.if_file.empty() && !exists(cue.if_file)) ||
               (!cue.once_file.empty() && !first_time(cue.once_file));
    });
    return cues;
}

// Logs a task's beginning and returns the number of its prompt's tokens.
unsigned Dialect::begin_task(std::vector<std::string> tokens) {
    const auto common = std::ranges::mismatch(tokens, last_prompt_).in1 - tokens.begin();
    const auto count = static_cast<unsigned>(tokens.size());
    const unsigned cached = std::min(static_cast<unsigned>(common), count - 1);
    last_prompt_ = std::move(tokens);
    ++task_;
    log_line('I', "slot launch_slot_: id  0 | task %u | processing task, is_child = 0", task_);
    log_line('I',
             "slot   operator(): id  0 | task %u | new prompt, n_ctx_slot = 2048, n_keep = 0, "
             "task.n_tokens = %u",
             task_, count);
    log_line('I',
             "slot   operator(): id  0 | task %u | cached n_tokens = %u, memory_seq_rm [%u, end)",
             task_, cached, cached);
    return count;
}

}  // namespace fake
