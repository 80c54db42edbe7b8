#include "cli/chat_session.hpp"

#include <unistd.h>

#include <stdexcept>

#include "cli/pool_table.hpp"
#include "cli/terminal.hpp"
#include "ipc/utf8.hpp"

namespace corral {
namespace {

constexpr const char* help =
    R"(/pool          show the workers and the queue
/clear         forget the conversation (the system text stays)
/system TEXT   set the instructions before the conversation; without TEXT: none
/exit          leave, as Ctrl-D does
//text         a message that starts with a slash
Ctrl-C cuts the answer that is being printed.
)";

// A client that went away while it was printing needs no more answers.
void print(const std::string& text) {
    if (!write_all(STDOUT_FILENO, text)) throw std::runtime_error("cannot write to stdout");
}

}  // namespace

ChatLine parse_chat_line(const std::string& line) {
    using Kind = ChatLine::Kind;
    if (line.find_first_not_of(" \t\r") == std::string::npos) return {Kind::nothing, ""};
    if (line.starts_with("//")) return {Kind::message, line.substr(1)};
    if (!line.starts_with('/')) return {Kind::message, line};
    const std::size_t name_end = line.find_first_of(" \t\r");
    const std::string name = line.substr(0, name_end);
    const std::size_t text_start = line.find_first_not_of(" \t\r", name_end);
    const std::string text = text_start == std::string::npos ? "" : line.substr(text_start);
    if (name == "/system") return {Kind::system, text};
    if (!text.empty()) return {Kind::unknown, name + " with text after it"};
    if (name == "/pool") return {Kind::pool, ""};
    if (name == "/clear") return {Kind::clear, ""};
    if (name == "/help") return {Kind::help, ""};
    if (name == "/exit" || name == "/quit") return {Kind::exit, ""};
    return {Kind::unknown, name};
}

bool ChatSession::take(const std::string& line) {
    if (!is_valid_utf8(line)) {
        report({ExitCode::usage, "the line is not UTF-8; it was not sent"});
        return true;
    }
    const ChatLine meant = parse_chat_line(line);
    auto& messages = options_.call.messages;
    switch (meant.kind) {
        case ChatLine::Kind::nothing:
            break;
        case ChatLine::Kind::message:
            ask(meant.text);
            break;
        case ChatLine::Kind::pool:
            show_pool();
            break;
        case ChatLine::Kind::clear:
            std::erase_if(messages, [](const ChatTurn& turn) { return turn.role != "system"; });
            note("the conversation is forgotten");
            break;
        case ChatLine::Kind::system:
            set_system(meant.text);
            break;
        case ChatLine::Kind::help:
            print(help);
            break;
        case ChatLine::Kind::exit:
            return false;
        case ChatLine::Kind::unknown:
            report({ExitCode::usage, "there is no command " + meant.text +
                                         "; /help lists them, // starts a message with a slash"});
            break;
    }
    return true;
}

void ChatSession::ask(const std::string& text) {
    auto& messages = options_.call.messages;
    messages.push_back({"user", text});
    const bool filter = options_.interactive;
    const OnText show = [filter](const std::string& piece) {
        print(filter ? harmless(piece) : piece);
        return true;
    };
    Answer answer;
    CallFailure failure;
    try {
        failure = call_streamed(options_.target, options_.call, show, answer);
    } catch (const ExchangeStopped&) {
        if (!answer.text.empty()) print("\n");
        keep(answer.text);
        throw;
    }
    if (!answer.text.empty() && !answer.text.ends_with('\n')) print("\n");
    if (failure) {
        messages.pop_back();
        failure.message += "; your message was dropped, the conversation is as before it";
        report(failure);
        return;
    }
    messages.push_back({"assistant", answer.text});
    if (answer.finish_reason == "length") note("the answer was cut at its limit of tokens");
}

// What there is of an answer that was cut by Ctrl-C.
void ChatSession::keep(const std::string& answer) {
    auto& messages = options_.call.messages;
    if (answer.empty()) {
        messages.pop_back();
        note("cut before it began; your message was dropped");
    } else {
        messages.push_back({"assistant", answer});
        note("cut; what was said so far stays in the conversation");
    }
}

void ChatSession::show_pool() {
    std::string report_text;
    CallFailure failure = fetch(options_.target, "GET", "/v1/pool", report_text);
    if (!failure) {
        try {
            print(pool_table(report_text));
        } catch (const PoolReportError& error) {
            failure = {ExitCode::failed, error.what()};
        }
    }
    if (failure) report(failure);
}

void ChatSession::set_system(const std::string& text) {
    auto& messages = options_.call.messages;
    std::erase_if(messages, [](const ChatTurn& turn) { return turn.role == "system"; });
    if (!text.empty()) messages.insert(messages.begin(), {"system", text});
    note(text.empty() ? "no system text from here on" : "the system text is set");
}

void ChatSession::report(const CallFailure& failure) {
    failure_ = failure.code;
    complain(failure);
}

void ChatSession::note(const std::string& text) const {
    if (options_.interactive) write_all(STDERR_FILENO, "(" + text + ")\n");
}

}  // namespace corral
