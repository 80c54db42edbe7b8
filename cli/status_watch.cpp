#include "cli/status_watch.hpp"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "cli/pool_table.hpp"
#include "cli/signal_fd.hpp"
#include "cli/sse.hpp"
#include "cli/terminal.hpp"

namespace corral {
namespace {

constexpr int retry_ms = 1000;
// The server says something every 5 s.
constexpr unsigned silence_seconds_min = 15;
constexpr std::size_t refusal_bytes_max = 64 * 1024;

HttpTarget stream_target(ConnectionOptions options, int stop_fd) {
    options.timeout_seconds = std::max(options.timeout_seconds, silence_seconds_min);
    return target_of(options, stop_fd);
}

// Why there are no more reports; nothing if `on_report` wanted no more.
CallFailure follow(const HttpTarget& target,
                   const std::function<bool(const std::string&)>& on_report) {
    SseParser events;
    std::string refusal;
    bool wanted = true;
    const auto on_body = [&](const HttpResponse& head, std::string_view bytes) {
        if (head.status != 200) {
            refusal += bytes;
            return refusal.size() < refusal_bytes_max;
        }
        for (const std::string& report : events.feed(bytes)) wanted = wanted && on_report(report);
        return wanted && !events.overflowed();
    };
    return guarded([&]() -> CallFailure {
        HttpResponse end = http_exchange(target, {"GET", "/v1/pool/events", {}, ""}, on_body);
        end.body = refusal;
        if (end.status != 200) return failure_of(end);
        if (!wanted) return {};
        return {ExitCode::failed, events.overflowed() ? "a report is longer than 1 MiB"
                                                      : "the server has ended the stream"};
    });
}

// The other screen of a terminal, without cursor and line wrapping, as long as this lives.
class Screen {
  public:
    Screen() { write_all(STDOUT_FILENO, "\x1b[?1049h\x1b[?25l\x1b[?7l"); }
    Screen(const Screen&) = delete;
    ~Screen() { write_all(STDOUT_FILENO, "\x1b[?7h\x1b[?25h\x1b[?1049l"); }

    // False when the terminal is gone.
    bool show(const std::string& text) {
        std::istringstream lines(text);
        std::string frame = "\x1b[H";
        std::string line;
        for (unsigned row = terminal_size(STDOUT_FILENO).rows; row > 1; --row)
            if (std::getline(lines, line)) frame += line + "\x1b[K\r\n";
        return write_all(STDOUT_FILENO, frame + "\x1b[J");
    }
};

// Whether the signals that came ask for more than another size.
bool told_to_leave(SignalFd& signals) {
    bool leave = false;
    for (int signal = signals.take(); signal != 0; signal = signals.take())
        leave = leave || signal != SIGWINCH;
    return leave;
}

}  // namespace

int watch_on_screen(const ConnectionOptions& options, const RenderReport& render) {
    SignalFd signals({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH});
    const HttpTarget target = stream_target(options, signals.fd());
    Screen screen;
    std::string report;
    const auto on_report = [&](const std::string& received) {
        report = received;
        return screen.show(render(report) + "\nCtrl-C leaves\n");
    };
    while (true) {
        CallFailure failure;
        try {
            failure = follow(target, on_report);
        } catch (const PoolReportError& error) {
            failure = {ExitCode::failed, error.what()};
        } catch (const ExchangeStopped&) {
            if (told_to_leave(signals)) break;
            continue;  // the next report is drawn in the new size
        }
        if (!failure) break;
        const std::string lost = "Connection lost, trying again: " + one_line(failure.message);
        if (!screen.show(lost + "\n\n" + (report.empty() ? "" : render(report)))) break;
        pollfd state{signals.fd(), POLLIN, 0};
        if (poll(&state, 1, retry_ms) > 0 && told_to_leave(signals)) break;
    }
    return ExitCode::ok;
}

int watch_in_lines(const ConnectionOptions& options, const RenderReport& render) {
    try {
        const CallFailure failure = follow(stream_target(options, -1), [&](const auto& report) {
            return write_all(STDOUT_FILENO, render(report) + "\n");
        });
        return failure ? complain(failure) : ExitCode::ok;
    } catch (const PoolReportError& error) {
        return complain({ExitCode::failed, error.what()});
    }
}

}  // namespace corral
