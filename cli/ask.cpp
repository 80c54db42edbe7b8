#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstring>

#include "cli/chat_call.hpp"
#include "cli/command.hpp"
#include "cli/terminal.hpp"
#include "ipc/utf8.hpp"

namespace corral {
namespace {

constexpr std::size_t question_bytes_max = 16 * 1024 * 1024;

constexpr const char* footer = R"--(Examples:
  corral ask "Rules?"
  git diff | corral ask --system "Summarise this change." -
  answer=$(corral ask --max-tokens 50 "$question") || echo "no answer ($?)"

Exit codes:
  0  answered        3  cannot connect
  2  wrong usage     4  refused: overloaded, shutting down or not allowed; try later
                     5  failed, also midway: what was printed is not the whole answer

Environment:
  CORRAL_SOCKET  the socket, unless --socket is given)--";

struct AskOptions {
    ConnectionOptions connection{.timeout_seconds = 310};  // the server's own limit is 300
    std::string question;
    std::string system;
    std::string model;
    std::optional<unsigned> max_tokens;
    bool json = false;
    bool no_stream = false;
};

CallFailure usage_error(const std::string& message) {
    return {ExitCode::usage, message};
}

CallFailure read_stdin(std::string& text) {
    char bytes[64 * 1024];
    while (true) {
        const ssize_t size = ::read(STDIN_FILENO, bytes, sizeof bytes);
        if (size == 0) break;
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return usage_error(std::string("cannot read stdin: ") + strerror(errno));
        text.append(bytes, static_cast<std::size_t>(size));
        if (text.size() > question_bytes_max)
            return usage_error("the question on stdin is larger than 16 MiB");
    }
    while (text.ends_with('\n')) text.pop_back();
    return {};
}

// Fills in what is to be asked.
CallFailure prepare(const AskOptions& options, ChatCall& call) {
    const bool piped = options.question == "-";
    std::string question = options.question;
    if (piped) {
        question.clear();
        if (const CallFailure failure = read_stdin(question)) return failure;
    }
    const std::string place = piped ? " on stdin" : "";
    if (question.empty()) return usage_error("the question" + place + " is empty");
    if (!is_valid_utf8(question)) return usage_error("the question" + place + " is not UTF-8");
    if (!is_valid_utf8(options.system)) return usage_error("the text of --system is not UTF-8");
    if (!is_valid_utf8(options.model)) return usage_error("the name after --model is not UTF-8");
    if (!options.system.empty()) call.messages.push_back({"system", options.system});
    call.messages.push_back({"user", question});
    call.model = options.model;
    call.max_tokens = options.max_tokens;
    return {};
}

// Writes the answer's text to stdout, as it comes.
class Output {
  public:
    bool write(const std::string& text) {
        const std::string shown = terminal_ ? harmless(text) : text;
        if (!text.empty()) ends_line_ = text.back() == '\n';
        if (error_ == 0 && !write_all(STDOUT_FILENO, shown)) error_ = errno;
        return error_ == 0;
    }
    void end_line() {
        if (!ends_line_) write("\n");
    }
    // A reader that had enough, as in `corral ask … | head -1`, is no failure.
    CallFailure failure() const {
        if (error_ == 0 || error_ == EPIPE) return {};
        return {ExitCode::failed, std::string("cannot write to stdout: ") + strerror(error_)};
    }

  private:
    bool terminal_ = isatty(STDOUT_FILENO) == 1;
    bool ends_line_ = false;
    int error_ = 0;
};

CallFailure call(const AskOptions& options, const ChatCall& call, Output& output, Answer& answer) {
    const HttpTarget target = target_of(options.connection);
    const OnText write = [&output](const std::string& text) { return output.write(text); };
    if (!options.json && !options.no_stream) return call_streamed(target, call, write, answer);
    std::string json;
    if (const CallFailure failure = call_whole(target, call, answer, json)) return failure;
    output.write(options.json ? json : answer.text);
    return {};
}

int ask(const AskOptions& options) {
    ChatCall request;
    if (const CallFailure failure = prepare(options, request)) return complain(failure);
    Output output;
    Answer answer;
    const CallFailure failure = call(options, request, output, answer);
    // The message below is to stand on a line of its own.
    if (!failure || !answer.text.empty()) output.end_line();
    if (failure) return complain(failure);
    if (output.failure()) return complain(output.failure());
    if (answer.finish_reason == "length" && isatty(STDERR_FILENO))
        write_all(STDERR_FILENO, "corral: the answer was cut at its limit of tokens\n");
    return ExitCode::ok;
}

}  // namespace

void add_ask(CLI::App& app, Action& chosen) {
    auto options = std::make_shared<AskOptions>();
    CLI::App* command =
        app.add_subcommand("ask", "Ask one question; the answer is printed as it is generated");
    command->add_option("question", options->question, "The question, or - to read it from stdin")
        ->required();
    command->add_option("--system", options->system, "Instructions that come before the question");
    command->add_option("--model", options->model, "Name of the pool (default: the first)");
    command->add_option("--max-tokens", options->max_tokens, "Cut the answer at this many tokens")
        ->check(CLI::Range(1u, 1000000u));
    command->add_flag("--json", options->json, "Print the server's whole JSON answer");
    command->add_flag("--no-stream", options->no_stream, "Print the answer once it is complete");
    add_connection_options(*command, options->connection);
    command->footer(footer);
    command->callback([options, &chosen] { chosen = [options] { return ask(*options); }; });
}

}  // namespace corral
