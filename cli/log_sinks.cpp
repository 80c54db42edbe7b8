#include "cli/log_sinks.hpp"

#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <boost/json.hpp>

#include "cli/terminal.hpp"

namespace corral {
namespace {

std::string_view text_of(spdlog::string_view_t view) {
    return {view.data(), view.size()};
}

// RFC 3339, in UTC.
std::string utc_time(spdlog::log_clock::time_point time) {
    using namespace std::chrono;
    const std::time_t seconds = spdlog::log_clock::to_time_t(time);
    const auto millis = duration_cast<milliseconds>(time.time_since_epoch()).count() % 1000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    return fmt::format("{}.{:03}Z", text, millis);
}

int priority_of(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::trace:
        case spdlog::level::debug:
            return LOG_DEBUG;
        case spdlog::level::warn:
            return LOG_WARNING;
        case spdlog::level::err:
            return LOG_ERR;
        case spdlog::level::critical:
            return LOG_CRIT;
        default:
            return LOG_INFO;
    }
}

}  // namespace

std::string json_log_line(const spdlog::details::log_msg& message, const log::Subject* about) {
    const std::string_view level = text_of(spdlog::level::to_string_view(message.level));
    boost::json::object line{{"time", utc_time(message.time)},
                             {"level", level == "warning" ? "warn" : level},
                             {"message", text_of(message.payload)}};
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) line[name] = value;
    };
    if (about) {
        add("worker", about->worker);
        add("pool", about->pool);
        add("request", about->request);
    }
    return boost::json::serialize(line) + "\n";
}

std::vector<std::string> journal_fields(const spdlog::details::log_msg& message,
                                        const log::Subject* about) {
    std::vector<std::string> fields{"MESSAGE=" + std::string(text_of(message.payload)),
                                    fmt::format("PRIORITY={}", priority_of(message.level)),
                                    "SYSLOG_IDENTIFIER=corral"};
    const auto add = [&](const std::string& name, const std::string& value) {
        if (!value.empty()) fields.push_back(name + "=" + value);
    };
    if (about) {
        add("CORRAL_WORKER", about->worker);
        add("CORRAL_POOL", about->pool);
        add("CORRAL_REQUEST", about->request);
    }
    return fields;
}

void JsonSink::sink_it_(const spdlog::details::log_msg& message) {
    write_all(STDERR_FILENO, json_log_line(message, log::subject()));
}

void JournalSink::sink_it_(const spdlog::details::log_msg& message) {
    std::vector<std::string> fields = journal_fields(message, log::subject());
    std::vector<iovec> parts;
    for (std::string& field : fields) parts.push_back({field.data(), field.size()});
    if (sd_journal_sendv(parts.data(), static_cast<int>(parts.size())) >= 0) return;
    // A journal that does not take it must not swallow it.
    write_all(STDERR_FILENO, json_log_line(message, log::subject()));
}

bool is_journal(int fd) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    return stream && fstat(fd, &status) == 0 &&
           fmt::format("{}:{}", status.st_dev, status.st_ino) == stream;
}

}  // namespace corral
