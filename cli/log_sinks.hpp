// The log's ways out for programs: JSON lines, and systemd's journal with fields. What a line is
// about comes from supervisor/log.hpp. One thread logs.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <string>
#include <vector>

#include "supervisor/log.hpp"

namespace corral {

// One line: {"time","level","message"} and, where the line is about one, "worker", "pool",
// "request". Ends with a newline.
std::string json_log_line(const spdlog::details::log_msg& message, const log::Subject* about);

// The fields of one entry, each NAME=value, see systemd.journal-fields(7).
std::vector<std::string> journal_fields(const spdlog::details::log_msg& message,
                                        const log::Subject* about);

// To stderr.
class JsonSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}
};

class JournalSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}
};

// Whether the descriptor leads to the journal, as $JOURNAL_STREAM says.
bool is_journal(int fd);

}  // namespace corral
