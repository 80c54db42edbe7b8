// The last deaths of a pool's workers that were no decision of ours, for people who ask what
// happened. Pure; told the time with everything. Owned by the pool.
#pragma once

#include <deque>
#include <string>

#include "async/clock.hpp"
#include "supervisor/outcome.hpp"

namespace corral {

class RecentDeaths {
  public:
    static constexpr std::size_t most = 10;

    struct Death {
        TimePoint at;
        std::string worker;
        RestartCause cause;
        std::string text;  // the worker's last_exit
    };

    // Ignores what was our decision: a recycled worker, a new configuration, our own interruption.
    void note(Death death);
    const std::deque<Death>& newest_first() const { return deaths_; }

  private:
    std::deque<Death> deaths_;
};

}  // namespace corral
