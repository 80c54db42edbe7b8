// What the fake llama-cli is to do wrong: FAKE_LLAMA_CLI for the life of a process, cues in square
// brackets inside a user's message for one answer. Parsing only; nothing is done here.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fake {

// A script or a cue that cannot be understood. A test that misspells one must not pass unharmed.
struct ScriptError : std::runtime_error {
    using runtime_error::runtime_error;
};

// Words of FAKE_LLAMA_CLI, separated by white space:
//     exit-at-start=CODE  exit-after=MS:CODE  load=MS  never-ready  fail-load  ignore=SIGNAL,…
//     token-ms=MS  leak=MIB (each answer)  wrong-echo=N (to the Nth sentinel)
//     only=FILE (the script holds for a process only if FILE exists as it starts)
//     log=FILE (in any case: "PID start", "PID request" and "PID exit HOW" are appended to it)
struct StartScript {
    struct Exit {
        std::chrono::milliseconds after;
        int code;
    };
    std::optional<Exit> exit;
    std::chrono::milliseconds load{0};
    bool never_ready = false;
    bool fail_load = false;
    std::vector<int> ignored_signals;
    std::chrono::milliseconds per_token{0};
    unsigned leak_mib = 0;
    int wrong_echo = 0;  // 0: none
    std::string only_file;
    std::string log_file;
};

StartScript parse_start_script(std::string_view text);

// One fault of one answer. In a message, K being the bytes of the answer that come before it (the
// end of the answer, if that is shorter):
//     [crash SIGNAL at K]  [exit CODE at K]  [stall at K]  [spin at K]  [spin MS at K]
//     [sleep MS at K]  [garbage at K]  [close-stdout at K]  [endless]  [wrong-sentinel]  [leak MIB]
//     [zombie at K]: the main thread ends, another one keeps the process and its pipes
//     [once FILE CUE]: only while FILE does not exist; makes it
//     [if FILE CUE]: only while FILE exists
struct Cue {
    enum class Kind {
        crash,
        exit,
        stall,
        spin,
        sleep,
        garbage,
        close_stdout,
        endless,
        wrong_sentinel,
        leak,
        zombie
    };
    Kind kind;
    int number = 0;  // signal, exit code, milliseconds (0 of a spin: for ever) or MiB
    std::size_t at = 0;
    std::string once_file;
    std::string if_file;
};

struct CuedText {
    std::string text;       // without the cues and the white space between text and cue
    std::vector<Cue> cues;  // by place
};

CuedText take_cues(std::string_view message);

// "SEGV" is 11; throws ScriptError for what it does not know.
int signal_number(std::string_view name);
// A whole number that is not negative, all of `text`; throws ScriptError naming `what`.
int whole_number(std::string_view text, std::string_view what);

}  // namespace fake
