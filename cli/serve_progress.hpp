// The progress of `corral serve` on its terminal: keeps a ProgressBlock at the bottom of stderr
// until every worker is ready, and is the logger's sink, so that log lines go above the block.
// Owned by cli/serve.cpp and the logger.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <string>

#include "cli/progress_block.hpp"

namespace corral {

class ServeProgress final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  public:
    explicit ServeProgress(const Config& config);

    // For Supervisor's StateChanged.
    void update(const Worker::Snapshot& worker);

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

  private:
    std::string erased();
    std::string drawn();

    ProgressBlock block_;
    std::string ready_line_;
    bool active_ = true;
    std::size_t lines_shown_ = 0;
};

}  // namespace corral
