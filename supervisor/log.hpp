// Log lines about something: a worker, a pool or a request. What it is stands before the line as
// text, and the sinks that can carry fields (cli/log_sinks.hpp) get it as such. Everything else
// logs by spdlog itself.
#pragma once

#include <spdlog/spdlog.h>

#include <string>

namespace corral::log {

struct Subject {
    std::string text;  // before the line
    std::string worker = {};
    std::string pool = {};
    std::string request = {};
};

// A worker's name is that of its pool, a slash and a number.
Subject worker(const std::string& name);
Subject pool(const std::string& name);
Subject request(const std::string& id, const std::string& pool);

// For sinks: the subject of the line that is being written, or null.
const Subject* subject();

// Makes it the subject for as long as this lives. One thread logs, and sinks are synchronous.
class Scope {
  public:
    explicit Scope(const Subject& subject);
    Scope(const Scope&) = delete;
    ~Scope();
};

template <class... Args>
void write(spdlog::level::level_enum level, const Subject& about,
           fmt::format_string<Args...> format, Args&&... args) {
    if (!spdlog::should_log(level)) return;
    const std::string line = fmt::format(format, std::forward<Args>(args)...);
    const Scope scope(about);
    spdlog::log(level, "{}: {}", about.text, line);
}

template <class... Args>
void debug(const Subject& about, fmt::format_string<Args...> format, Args&&... args) {
    write(spdlog::level::debug, about, format, std::forward<Args>(args)...);
}
template <class... Args>
void info(const Subject& about, fmt::format_string<Args...> format, Args&&... args) {
    write(spdlog::level::info, about, format, std::forward<Args>(args)...);
}
template <class... Args>
void warn(const Subject& about, fmt::format_string<Args...> format, Args&&... args) {
    write(spdlog::level::warn, about, format, std::forward<Args>(args)...);
}
template <class... Args>
void error(const Subject& about, fmt::format_string<Args...> format, Args&&... args) {
    write(spdlog::level::err, about, format, std::forward<Args>(args)...);
}

}  // namespace corral::log
