#include "cli/line_editor.hpp"

#include <editline/readline.h>
#include <langinfo.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>

#include "cli/history_file.hpp"
#include "cli/terminal.hpp"

namespace corral {
namespace {

constexpr int history_lines_max = 1000;
constexpr std::size_t line_bytes_max = 16 * 1024 * 1024;

// libedit's callback carries no context.
struct Entered {
    bool done = false;
    bool end = false;
    std::string text;
} entered;

void take_line(char* line) {
    rl_callback_handler_remove();
    entered.done = true;
    entered.end = line == nullptr;
    if (line) entered.text = line;
    std::free(line);
}

// libedit takes bytes for characters unless the locale says UTF-8.
void use_utf8() {
    std::setlocale(LC_CTYPE, "");
    if (std::strcmp(nl_langinfo(CODESET), "UTF-8") != 0) std::setlocale(LC_CTYPE, "C.UTF-8");
}

class EditedLines final : public LineReader {
  public:
    EditedLines(SignalFd& signals, const std::string& history)
        : signals_(signals), screen_signals_({SIGWINCH, SIGCONT}), history_(history) {
        use_utf8();
        rl_catch_signals = 0;
        using_history();
        rl_initialize();
        rl_bind_key('\t', rl_insert);
        stifle_history(history_lines_max);
        for (const std::string& line : history_.load(history_lines_max)) add_history(line.c_str());
    }

    Input read() override {
        entered = Entered();
        rl_point = rl_end = 0;  // libedit leaves them as the last line had them
        rl_callback_handler_install("> ", take_line);
        while (!entered.done) {
            pollfd ready[] = {{STDIN_FILENO, POLLIN, 0},
                              {signals_.fd(), POLLIN, 0},
                              {screen_signals_.fd(), POLLIN, 0}};
            if (poll(ready, 3, -1) < 0) continue;
            if (ready[1].revents != 0) return interrupted();
            if (ready[2].revents != 0) redraw();
            if ((ready[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return leave();
            if (ready[0].revents != 0) rl_callback_read_char();
        }
        if (entered.end) {
            write_all(STDOUT_FILENO, "\n");
            return {Event::end, ""};
        }
        remember(entered.text);
        return {Event::line, entered.text};
    }

  private:
    Input leave() {
        rl_callback_handler_remove();
        return {Event::end, ""};
    }

    Input interrupted() {
        const int signal = signals_.take();
        const std::string typed(rl_line_buffer, static_cast<std::size_t>(std::max(rl_end, 0)));
        rl_callback_handler_remove();
        write_all(STDOUT_FILENO, "\n");
        return {signal == SIGINT ? Event::interrupted : Event::end, typed};
    }

    void redraw() {
        while (const int signal = screen_signals_.take()) {
            if (signal == SIGWINCH) rl_resize_terminal();
            if (signal != SIGCONT) continue;
            rl_prep_terminal(1);
            rl_forced_update_display();
        }
    }

    void remember(const std::string& line) {
        if (line.empty() || line == last_) return;
        last_ = line;
        add_history(line.c_str());
        history_.append(line);
    }

    SignalFd& signals_;
    SignalFd screen_signals_;
    HistoryFile history_;
    std::string last_;
};

class PipedLines final : public LineReader {
  public:
    Input read() override {
        std::string line;
        std::streambuf& input = *std::cin.rdbuf();
        for (int byte; (byte = input.sbumpc()) != std::char_traits<char>::eof();) {
            if (byte == '\n') return {Event::line, line};
            if (line.size() == line_bytes_max) return {Event::end, ""};
            line += static_cast<char>(byte);
        }
        return {line.empty() ? Event::end : Event::line, line};
    }
};

}  // namespace

std::unique_ptr<LineReader> edited_lines(SignalFd& signals, const std::string& history) {
    return std::make_unique<EditedLines>(signals, history);
}

std::unique_ptr<LineReader> piped_lines() {
    return std::make_unique<PipedLines>();
}

}  // namespace corral
