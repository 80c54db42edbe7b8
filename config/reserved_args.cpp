#include "config/reserved_args.hpp"

#include <algorithm>
#include <span>

#include "config/text.hpp"

namespace corral {

namespace {

struct OwnedOption {
    std::string_view name;
    std::string_view key;  // empty if no key changes it
};

// What the supervisor puts on the command line.
constexpr OwnedOption owned_options[] = {
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
    {"--temperature", "sampling.temperature"},
    {"--top-k", "sampling.top_k"},
    {"--top-p", "sampling.top_p"},
    {"--min-p", "sampling.min_p"},
    {"--repeat-penalty", "sampling.repeat_penalty"},
    {"-s", "sampling.seed"},
    {"--seed", "sampling.seed"},
    {"--simple-io", ""},
    {"--offline", ""},
    {"--chat-template", ""},
    {"--chat-template-file", ""},
    {"-lv", ""},
    {"--verbosity", ""},
    {"--log-verbosity", ""},
    {"--log-colors", ""},
    {"--show-timings", ""},
    {"--no-show-timings", ""},
};

// A model that is not the one of the key `model`.
constexpr std::string_view model_options[] = {"-mu",  "--model-url", "-dr",  "--docker-repo", "-hf",
                                              "-hfr", "--hf-repo",   "-hff", "--hf-file"};

// Other turns, other text on stdout or stderr, another engine, or no dialogue at all.
constexpr std::string_view disturbing_options[] = {
    "-cnv",
    "--conversation",
    "-no-cnv",
    "--no-conversation",
    "-st",
    "--single-turn",
    "-p",
    "--prompt",
    "-f",
    "--file",
    "-bf",
    "--binary-file",
    "-sys",
    "--system-prompt",
    "-sysf",
    "--system-prompt-file",
    "-r",
    "--reverse-prompt",
    "-mli",
    "--multiline-input",
    "-i",
    "--interactive",
    "-if",
    "--interactive-first",
    "--no-jinja",
    "--skip-chat-parsing",
    "--server-base",
    "-o",
    "--output",
    "--output-file",
    "-co",
    "--color",
    "--verbose-prompt",
    "--display-prompt",
    "-v",
    "--verbose",
    "--log-verbose",
    "--log-file",
    "--log-disable",
    "--log-jsonl",
    "-h",
    "--help",
    "--usage",
    "--version",
    "-cl",
    "--cache-list",
    "--completion-bash",
    "--list-devices",
};

// As llama-cli reads an option: `--ctx_size` is `--ctx-size`. A form with `=` is caught too, for
// builds that take it.
std::string normalized(std::string_view argument) {
    std::string name(argument.substr(0, argument.find('=')));
    if (name.starts_with("--")) std::ranges::replace(name, '_', '-');
    return name;
}

}  // namespace

std::optional<std::string> find_reserved_arg(std::string_view argument) {
    const std::string name = normalized(argument);
    const std::string shown = quoted(argument);
    const auto* const owned = std::ranges::find(owned_options, name, &OwnedOption::name);
    if (owned != std::end(owned_options)) {
        std::string reason = shown + " is set by corral itself";
        if (!owned->key.empty()) reason += "; use the key " + quoted(owned->key);
        return reason;
    }
    if (std::ranges::find(model_options, name) != std::end(model_options)) {
        return shown + " names another model; use the key \"model\"";
    }
    if (std::ranges::find(disturbing_options, name) != std::end(disturbing_options)) {
        return shown + " would break corral's dialogue with llama-cli";
    }
    return std::nullopt;
}

}  // namespace corral
