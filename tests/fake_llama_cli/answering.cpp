// One answer of the dialect: its tokens, the faults between them, and how the log tells its end.
#include <time.h>

#include <thread>

#include "fake_llama_cli/conversation.hpp"
#include "fake_llama_cli/dialect.hpp"
#include "fake_llama_cli/faults.hpp"
#include "fake_llama_cli/input.hpp"

namespace fake {
namespace {

constexpr std::string_view garbage = "\xff\xfe garbage \x01\n";

void pause_for_token(std::chrono::milliseconds duration) {
    if (duration.count() == 0) return;
    const timespec time{duration.count() / 1000, duration.count() % 1000 * 1'000'000};
    nanosleep(&time, nullptr);  // not resumed: a SIGINT is to stop the answer now
}

}  // namespace

Dialect::End Dialect::generate(Answer& answer, const std::string& text) {
    obey_cues(answer, 0);
    const End end = generate_tokens(answer, text);
    if (end != End::interrupted) obey_cues(answer, std::string::npos);
    return end;
}

Dialect::End Dialect::generate_tokens(Answer& answer, const std::string& text) {
    const std::vector<std::string> tokens = tokens_of(text);
    for (std::size_t index = 0; answer.endless || index < tokens.size(); ++index) {
        std::string_view token = " more";
        if (index < tokens.size()) token = tokens[index];
        while (!token.empty()) {
            obey_cues(answer, answer.bytes);
            // llama-cli looks between two tokens only.
            if (interrupted()) return End::interrupted;
            if (answer.tokens == options_.token_cap && !answer.endless) return End::capped;
            // A cue inside a token cuts it: exactly the bytes that it asks for come before it.
            const std::size_t until_cue =
                answer.cues.empty() ? token.size() : answer.cues.front().at - answer.bytes;
            const std::string_view piece = token.substr(0, until_cue);
            write_token(answer, piece);
            token.remove_prefix(piece.size());
        }
    }
    return answer.tokens == options_.token_cap ? End::capped : End::whole;
}

void Dialect::write_token(Answer& answer, std::string_view token) {
    pause_for_token(script_.per_token);
    write_packet(token);
    answer.bytes += token.size();
    answer.ends_line = token.ends_with('\n');
    ++answer.tokens;
}

void Dialect::obey_cues(Answer& answer, std::size_t up_to) {
    while (!answer.cues.empty() && answer.cues.front().at <= up_to) {
        const Cue cue = answer.cues.front();
        answer.cues.erase(answer.cues.begin());
        obey(answer, cue);
    }
}

void Dialect::obey(Answer& answer, const Cue& cue) {
    const std::chrono::milliseconds duration(cue.number);
    switch (cue.kind) {
        case Cue::Kind::crash:
            crash(events_, cue.number);
        case Cue::Kind::exit:
            quit(events_, cue.number);
        case Cue::Kind::stall:
            stall();
        case Cue::Kind::spin:
            return spin(duration);
        case Cue::Kind::sleep:
            return std::this_thread::sleep_for(duration);
        case Cue::Kind::garbage:
            return write_packet(garbage);
        case Cue::Kind::close_stdout:
            return close_stdout();
        case Cue::Kind::endless:
            answer.endless = true;
            return;
        case Cue::Kind::wrong_sentinel:
            wrong_sentinel_ = true;
            return;
        case Cue::Kind::leak:
            return leak(static_cast<unsigned>(cue.number));
        case Cue::Kind::zombie:
            end_main_thread();
    }
}

void Dialect::end_task(const Answer& answer, End end, unsigned prompt_tokens) {
    // As llama-server counts: with the end-of-turn token, if the model got so far.
    const unsigned tokens = answer.tokens + (end == End::whole ? 1 : 0);
    if (end == End::interrupted) {
        take_interrupt();
        log_line('W', "srv          stop: cancel task, id_task = %u", task_);
    } else {
        const unsigned ms = static_cast<unsigned>(script_.per_token.count()) * answer.tokens;
        log_line('I',
                 "slot print_timing: id  0 | task %u | prompt eval time = %10u.00 ms / %5u tokens",
                 task_, 0U, prompt_tokens);
        log_line('I',
                 "slot print_timing: id  0 | task %u |        eval time = %10u.00 ms / %5u tokens",
                 task_, ms, tokens);
    }
    log_line('I',
             "slot      release: id  0 | task %u | stop processing: n_tokens = %u, truncated = 0",
             task_, prompt_tokens + tokens - (tokens > 0 ? 1 : 0));
}

}  // namespace fake
