// What `corral serve` shows on a terminal while its workers load: one line each, redrawn in place,
// and log lines above them. It is a log sink, so that the two never garble each other; once every
// worker has been ready it is that only.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <string>
#include <vector>

#include "supervisor/worker.hpp"

namespace corral {

// The line of the worker that is number `index` of `total`. Pure.
std::string loading_line(const Worker::Snapshot& worker, std::size_t index, std::size_t total,
                         std::string_view ready_in);

class LoadingView final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  public:
    // Writes to `fd`, a terminal. `total` workers are going to be started; `hint` is shown when all
    // are ready.
    LoadingView(int fd, std::size_t total, std::string hint);

    void worker_changed(const Worker& worker);

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

  private:
    struct Line {
        std::string worker;
        std::string text;
        bool ready;
    };

    void draw(const std::string& above);

    int fd_;
    std::size_t total_;
    std::string hint_;
    std::vector<Line> lines_;
    std::size_t drawn_ = 0;  // lines on the screen
    bool loading_ = true;
};

}  // namespace corral
