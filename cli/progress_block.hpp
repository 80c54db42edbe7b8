// What `corral serve` shows on a terminal while its workers load: one line for each. Pure: states
// in, text out.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"
#include "supervisor/worker.hpp"

namespace corral {

class ProgressBlock {
  public:
    explicit ProgressBlock(const std::vector<PoolConfig>& pools);

    // True if the lines changed.
    bool update(const Worker::Snapshot& worker);
    // "default 2/3  ready in 0.4 s (pid 123)"; at most `columns` wide and `rows` many.
    std::vector<std::string> lines(unsigned columns, unsigned rows) const;

    std::size_t size() const { return rows_.size(); }
    bool all_ready() const;
    bool stopping() const { return stopping_; }

  private:
    struct Row {
        std::string worker;  // default/2
        std::string label;   // default 2/3
        std::string text = "waiting";
        bool ready = false;
    };

    std::vector<Row> rows_;
    std::size_t label_width_ = 0;
    bool stopping_ = false;
};

}  // namespace corral
