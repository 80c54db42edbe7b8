// What a pool did of late: requests, tokens and latencies of the last 15 minutes, in steps of ten
// seconds that fall out at the far end. Pure; told the time with everything.
#pragma once

#include <array>
#include <chrono>
#include <vector>

#include "async/clock.hpp"
#include "supervisor/histogram.hpp"

namespace corral {

class RecentFigures {
  public:
    static constexpr std::chrono::seconds step{10};
    static constexpr std::size_t steps = 90;
    static constexpr std::chrono::seconds whole = step * steps;

    struct Figures {
        std::uint64_t answered = 0;
        std::uint64_t failed = 0;
        std::uint64_t prompt_tokens = 0;  // computed, not found in a cache
        std::uint64_t completion_tokens = 0;
        double prompt_seconds = 0;      // of workers, computing prompts
        double generation_seconds = 0;  // of workers, between tokens
        Histogram duration{request_bounds};
        Histogram first_token{request_bounds};
        void add(const Figures& other);
    };

    // Where to add what happens now.
    Figures& now(TimePoint now);
    // All of the last `span`, at most `whole`; the step under way counts as one.
    Figures last(std::chrono::seconds span, TimePoint now) const;

    // The whole in equal pieces for a chart, the oldest first. The last one is under way, for as
    // long as the second of the pair says.
    static constexpr std::size_t pieces = 45;
    static constexpr std::chrono::seconds piece = whole / pieces;
    std::pair<std::vector<Figures>, TimePoint::duration> in_pieces(TimePoint now) const;

  private:
    struct Slot {
        std::int64_t number = -1;
        Figures figures;
    };
    static std::int64_t number_at(TimePoint now) { return now.time_since_epoch() / step; }

    std::array<Slot, steps> slots_;
};

}  // namespace corral
