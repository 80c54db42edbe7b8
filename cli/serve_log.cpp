#include "cli/serve_log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include "cli/log_sinks.hpp"
#include "cli/terminal.hpp"

namespace corral {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
    switch (level) {
        case LogLevel::trace:
            return spdlog::level::trace;
        case LogLevel::debug:
            return spdlog::level::debug;
        case LogLevel::info:
            return spdlog::level::info;
        case LogLevel::warn:
            return spdlog::level::warn;
        case LogLevel::error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

LogFormat format_of(const LogConfig& log) {
    if (log.format != LogFormat::automatic) return log.format;
    return is_journal(STDERR_FILENO) ? LogFormat::journal : LogFormat::text;
}

}  // namespace

ServeLog set_up_log(const Config& config) {
    const LogFormat format = format_of(config.log);
    ServeLog log{nullptr, format != LogFormat::text};
    spdlog::sink_ptr sink;
    if (format == LogFormat::json) {
        sink = std::make_shared<JsonSink>();
    } else if (format == LogFormat::journal) {
        sink = std::make_shared<JournalSink>();
    } else if (is_terminal(STDERR_FILENO)) {
        sink = log.progress = std::make_shared<ServeProgress>(config);
    } else {
        sink = std::make_shared<spdlog::sinks::stderr_sink_st>();
    }
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("corral", sink));
    spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
    set_log_level(config.log);
    return log;
}

void set_log_level(const LogConfig& log) {
    spdlog::set_level(spdlog_level(log.level));
}

}  // namespace corral
