// A stand-in for llama-cli without a model: speaks its pipe dialect and misbehaves on cue
// (script.hpp). For tests of what must survive a llama-cli that does so.
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "fake_llama_cli/dialect.hpp"
#include "fake_llama_cli/faults.hpp"
#include "fake_llama_cli/input.hpp"

namespace fake {
namespace {

// Every option but these two is llama-cli's own affair.
Options parse_options(int count, char** arguments) {
    Options options;
    for (int i = 1; i + 1 < count; ++i) {
        const std::string_view option = arguments[i];
        const std::string_view value = arguments[i + 1];
        if (option == "-m") options.model = value;
        if (option == "-n" && value != "-1")
            options.token_cap = static_cast<unsigned>(whole_number(value, "-n"));
    }
    return options;
}

StartScript script_for_this_process() {
    const char* text = std::getenv("FAKE_LLAMA_CLI");
    StartScript script = parse_start_script(text ? text : "");
    if (script.only_file.empty() || exists(script.only_file)) return script;
    StartScript healthy;
    healthy.log_file = script.log_file;
    return healthy;
}

[[noreturn]] void fail_load(const EventFile& events, const std::string& model) {
    log_line('E', "cmn  common_init_: failed to load model '%s'", model.c_str());
    log_line('E', "srv    load_model: failed to load model, '%s'", model.c_str());
    log_line('E', "srv  llama_server: exiting due to model loading error");
    write_packet("\n\nLoading model... Error: the server exited before becoming ready\n");
    quit(events, 1);
}

// Everything up to the first prompt.
void start(const StartScript& script, const EventFile& events, const std::string& model) {
    watch_interrupts();
    for (const int signal : script.ignored_signals) ignore_signal(signal);
    if (script.exit && script.exit->after.count() == 0) quit(events, script.exit->code);
    if (script.exit) exit_later(events, script.exit->after, script.exit->code);
    std::this_thread::sleep_for(script.load);
    if (script.fail_load) fail_load(events, model);
    if (script.never_ready) stall();
}

int run(int count, char** arguments) {
    const Options options = parse_options(count, arguments);
    const StartScript script = script_for_this_process();
    const EventFile events(script.log_file);
    events.record("start");
    start(script, events, options.model);
    try {
        Dialect dialect(options, script, events);
        dialect.greet();
        LineReader input;
        while (const auto line = input.next())
            if (!dialect.line(*line, input.more())) break;
    } catch (const ScriptError& error) {
        log_line('E', "fake_llama_cli: %s", error.what());
        quit(events, 2);
    }
    write_packet("\n\nExiting...\n");
    quit(events, 0);
}

}  // namespace
}  // namespace fake

int main(int count, char** arguments) {
    try {
        return fake::run(count, arguments);
    } catch (const fake::ScriptError& error) {
        fake::log_line('E', "fake_llama_cli: %s", error.what());
        return 2;
    }
}
