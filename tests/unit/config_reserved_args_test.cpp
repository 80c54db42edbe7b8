#include <doctest/doctest.h>

#include "config/reserved_args.hpp"

using corral::find_reserved_arg;

TEST_CASE("options that a key sets name the key") {
    struct Case {
        const char* option;
        const char* key;
    };
    const Case cases[] = {
        {"-m", "model"},
        {"--model", "model"},
        {"-c", "context"},
        {"--ctx-size", "context"},
        {"-n", "max_tokens"},
        {"--predict", "max_tokens"},
        {"--n-predict", "max_tokens"},
        {"-t", "threads"},
        {"--threads", "threads"},
        {"-cram", "prompt_cache_mib"},
        {"--cache-ram", "prompt_cache_mib"},
        {"--temp", "sampling.temperature"},
        {"--top-k", "sampling.top_k"},
        {"--top-p", "sampling.top_p"},
        {"--min-p", "sampling.min_p"},
        {"--repeat-penalty", "sampling.repeat_penalty"},
        {"--seed", "sampling.seed"},
        {"-s", "sampling.seed"},
    };
    for (const auto& [option, key] : cases) {
        CAPTURE(option);
        CHECK(find_reserved_arg(option) ==
              '"' + std::string(option) + "\" is set by corral itself; use the key \"" + key + '"');
    }
}

TEST_CASE("options that no key sets are refused all the same") {
    for (const std::string option :
         {"--simple-io", "--chat-template", "--chat-template-file", "-lv", "--verbosity",
          "--log-verbosity", "--log-colors", "--show-timings", "--no-show-timings"}) {
        CHECK(find_reserved_arg(option) == '"' + option + "\" is set by corral itself");
    }
    for (const std::string option : {"-cnv",     "-no-cnv",   "-st",           "--single-turn",
                                     "-p",       "--prompt",  "-sys",          "--system-prompt",
                                     "-f",       "--file",    "--log-file",    "--log-disable",
                                     "-v",       "--verbose", "--log-verbose", "--server-base",
                                     "-mli",     "-r",        "--no-jinja",    "--help",
                                     "--version"}) {
        CHECK(find_reserved_arg(option) ==
              '"' + option + "\" would break corral's dialogue with llama-cli");
    }
    CHECK(find_reserved_arg("-hf") == R"("-hf" names another model; use the key "model")");
}

TEST_CASE("other spellings of the same option") {
    CHECK(find_reserved_arg("--ctx_size") ==
          R"("--ctx_size" is set by corral itself; use the key "context")");
    CHECK(find_reserved_arg("--ctx-size=4096").has_value());
}

TEST_CASE("what may be passed on") {
    for (const char* argument : {"--mlock", "-fa", "on", "--no-repack", "-tb", "2", "-1", "", "--",
                                 "-C", "0xf", "model", "--numa", "--grammar", "a=b"}) {
        CAPTURE(argument);
        CHECK_FALSE(find_reserved_arg(argument).has_value());
    }
}
