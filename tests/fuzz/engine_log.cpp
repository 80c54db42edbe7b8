// Fuzz target: any stderr of llama-cli through EngineLog, cut as the input says, and a well-formed
// log of one answer behind it.
#include "ipc/engine_log.hpp"

#include "tests/fuzz/cuts.hpp"
#include "tests/fuzz/property.hpp"

using namespace corral;
using fuzz::Cuts;
using fuzz::require;

namespace {

using Counts = std::vector<std::optional<unsigned>>;

struct State {
    Counts counts;
    std::vector<bool> flags;
    std::string last_error;
    bool operator==(const State&) const = default;
};

State state_of(const EngineLog& log) {
    const Usage& usage = log.usage();
    return {{usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens},
            {log.generating(), log.finished(), log.failed(), log.cancelled(), log.truncated()},
            log.last_error()};
}

// As llama-cli 0.7.0 writes it.
std::string turn(unsigned task, unsigned prompt, unsigned cached, unsigned completion) {
    const auto line = [&](const std::string& text) {
        return "0.00.219.264 I slot x: id  0 | task " + std::to_string(task) + " | " + text + "\n";
    };
    return line("processing task, is_child = 0") +
           line("new prompt, task.n_tokens = " + std::to_string(prompt)) +
           line("cached n_tokens = " + std::to_string(cached) + ", memory_seq_rm [12, end)") +
           line("prompt eval time =       1.80 ms /    19 tokens") +
           line("       eval time =      11.51 ms /    " + std::to_string(completion) + " tokens") +
           line("stop processing: n_tokens = 65, truncated = 0");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input = fuzz::as_text(data, size);
    const Cuts cuts(input);
    EngineLog whole;
    whole.begin_answer();
    whole.feed(input);
    EngineLog cut;
    cut.begin_answer();
    for (const std::string_view packet : cuts.of(input)) cut.feed(packet);
    require(state_of(cut) == state_of(whole), "cuts do not change what is read");
    require(cut.last_error().size() <= 300, "an error is cut to 300 bytes");
    require(cut.last_error().find('\n') == std::string::npos, "an error is one line");
    require(!cut.cancelled() || input.find("cancel task") != input.npos, "no cancel from nowhere");

    cut.feed("\n");
    const std::string last_error = cut.last_error();
    cut.begin_answer();
    const State nothing{Counts(3), std::vector<bool>(5), last_error};
    require(state_of(cut) == nothing, "a new answer begins without figures");
    const unsigned task = cuts.control() * 16'777'216;
    const std::string log = turn(task, 31, 12, 35);
    for (const std::string_view packet : cuts.of(log)) cut.feed(packet);
    const State answered{{31, 12, 35}, {true, true, false, false, false}, last_error};
    require(state_of(cut) == answered, "nothing said before spoils the figures of an answer");
    return 0;
}
