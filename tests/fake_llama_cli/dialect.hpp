// llama-cli's side of the pipe dialect (docs/llama-cli.md), with the faults that it is cued to
// make. Blocks where llama-cli blocks.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fake_llama_cli/output.hpp"
#include "fake_llama_cli/script.hpp"

namespace fake {

struct Options {
    std::string model;
    std::optional<unsigned> token_cap;  // -n
};

class Dialect {
  public:
    Dialect(Options options, StartScript script, EventFile events);

    // The banner and the first prompt.
    void greet();
    // One line of stdin; `more` if another one came with it. False for /exit.
    bool line(const std::string& line, bool more);

  private:
    struct Answer {
        std::vector<Cue> cues;  // not yet due, by place
        std::size_t bytes = 0;  // written
        unsigned tokens = 0;
        bool ends_line = false;
        bool endless = false;
    };
    enum class End { whole, capped, interrupted };

    // dialect.cpp
    void release_opening();
    void read_file(std::string_view name);
    void converse(const std::string& line);
    std::vector<Cue> due_cues(std::vector<Cue> cues);
    unsigned begin_task(std::vector<std::string> prompt);
    // answering.cpp
    End generate(Answer& answer, const std::string& text);
    void obey_cues(Answer& answer, std::size_t up_to);
    void obey(Answer& answer, const Cue& cue);
    void write_token(Answer& answer, std::string_view token);
    End generate_tokens(Answer& answer, const std::string& text);
    void end_task(const Answer& answer, End end, unsigned prompt_tokens);

    Options options_;
    StartScript script_;
    EventFile events_;
    bool opening_held_ = false;
    bool wrong_sentinel_ = false;
    int sentinels_ = 0;
    unsigned task_ = 0;
    std::vector<std::string> last_prompt_;
};

}  // namespace fake
