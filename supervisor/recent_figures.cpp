#include "supervisor/recent_figures.hpp"

namespace corral {

void RecentFigures::Figures::add(const Figures& other) {
    answered += other.answered;
    failed += other.failed;
    prompt_tokens += other.prompt_tokens;
    completion_tokens += other.completion_tokens;
    prompt_seconds += other.prompt_seconds;
    generation_seconds += other.generation_seconds;
    duration.add(other.duration);
    first_token.add(other.first_token);
}

RecentFigures::Figures& RecentFigures::now(TimePoint now) {
    const std::int64_t number = number_at(now);
    Slot& slot = slots_[static_cast<std::size_t>(number) % steps];
    if (slot.number != number) slot = {number, {}};
    return slot.figures;
}

RecentFigures::Figures RecentFigures::last(std::chrono::seconds span, TimePoint now) const {
    Figures all;
    const std::int64_t newest = number_at(now);
    const std::int64_t oldest = newest - span / step;
    for (const Slot& slot : slots_)
        if (slot.number > oldest && slot.number <= newest) all.add(slot.figures);
    return all;
}

std::pair<std::vector<RecentFigures::Figures>, TimePoint::duration> RecentFigures::in_pieces(
    TimePoint now) const {
    constexpr std::int64_t steps_each = steps / pieces;
    static_assert(steps_each * pieces == steps);
    std::vector<Figures> all(pieces);
    const std::int64_t newest = number_at(now) / steps_each;
    for (const Slot& slot : slots_) {
        const std::int64_t age = newest - slot.number / steps_each;
        if (slot.number >= 0 && age >= 0 && age < static_cast<std::int64_t>(pieces))
            all[pieces - 1 - static_cast<std::size_t>(age)].add(slot.figures);
    }
    return {std::move(all), now.time_since_epoch() % piece};
}

}  // namespace corral
