#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/chat_session.hpp"
#include "cli/command.hpp"
#include "cli/history_file.hpp"
#include "cli/line_editor.hpp"
#include "cli/terminal.hpp"
#include "ipc/utf8.hpp"

namespace corral {
namespace {

constexpr const char* footer =
    R"(At the prompt, /help lists the commands. Ctrl-C cuts an answer, Ctrl-D leaves.
When stdin or stdout is no terminal, each line of stdin is a message, without prompts.

Examples:
  corral chat --system "You are a patient teacher."
  printf 'My name is Bob.\nWhat is my name?\n' | corral chat

Exit codes (without a terminal 4, 5 and 2 tell of the last request that failed):
  0  left            3  cannot connect
  2  wrong usage     4  refused        5  failed

Environment:
  CORRAL_SOCKET   the socket, unless --socket is given
  XDG_STATE_HOME  where corral/history is kept (default: ~/.local/state))";

struct ChatOptions {
    ConnectionOptions connection{.timeout_seconds = 310};  // the server's own limit is 300
    std::string system;
    std::string model;
    std::optional<unsigned> max_tokens;
};

ChatSession::Options session_options(const ChatOptions& options, int stop_fd, bool interactive) {
    ChatCall call;
    if (!options.system.empty()) call.messages.push_back({"system", options.system});
    call.model = options.model;
    call.max_tokens = options.max_tokens;
    return {target_of(options.connection, stop_fd), call, interactive};
}

int chat_in_lines(const ChatOptions& options) {
    ChatSession session(session_options(options, -1, false));
    const auto lines = piped_lines();
    while (true) {
        const LineReader::Input input = lines->read();
        if (input.event != LineReader::Event::line || !session.take(input.text)) break;
    }
    return session.failure();
}

// True if the session goes on, as it does after Ctrl-C.
bool take_line(ChatSession& session, SignalFd& signals, const std::string& line) {
    try {
        return session.take(line);
    } catch (const ExchangeStopped&) {
        return signals.take() == SIGINT;
    }
}

int chat_on_terminal(const ChatOptions& options) {
    SignalFd signals({SIGINT, SIGTERM, SIGHUP});
    ChatSession session(session_options(options, signals.fd(), true));
    const auto lines = edited_lines(signals, history_path());
    write_all(STDOUT_FILENO, "/help lists the commands, Ctrl-D leaves.\n");
    bool leave = false;
    for (bool warned = false; !leave;) {
        const LineReader::Input input = lines->read();
        switch (input.event) {
            case LineReader::Event::end:
                leave = true;
                break;
            case LineReader::Event::interrupted:
                leave = warned && input.text.empty();
                warned = input.text.empty();
                if (warned && !leave) write_all(STDOUT_FILENO, "(Ctrl-C again leaves)\n");
                break;
            case LineReader::Event::line:
                warned = false;
                leave = !take_line(session, signals, input.text);
                break;
        }
    }
    return ExitCode::ok;
}

int chat(const ChatOptions& options) {
    if (!is_valid_utf8(options.system) || !is_valid_utf8(options.model))
        return complain({ExitCode::usage, "the text of --system or --model is not UTF-8"});
    std::string health;
    if (const CallFailure failure = fetch(target_of(options.connection), "GET", "/health", health))
        return complain(failure);
    const bool interactive = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
    return interactive ? chat_on_terminal(options) : chat_in_lines(options);
}

}  // namespace

void add_chat(CLI::App& app, Action& chosen) {
    auto options = std::make_shared<ChatOptions>();
    CLI::App* command = app.add_subcommand("chat", "Hold a conversation, line by line");
    command->add_option("--system", options->system, "Instructions before the conversation");
    command->add_option("--model", options->model, "Name of the pool (default: the first)");
    command->add_option("--max-tokens", options->max_tokens, "Cut each answer at this many tokens")
        ->check(CLI::Range(1u, 1000000u));
    add_connection_options(*command, options->connection);
    command->footer(footer);
    command->callback([options, &chosen] { chosen = [options] { return chat(*options); }; });
}

}  // namespace corral
