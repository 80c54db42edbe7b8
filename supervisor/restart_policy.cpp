#include "supervisor/restart_policy.hpp"

#include <algorithm>

namespace corral {

RestartPolicy::RestartPolicy(milliseconds initial, milliseconds max, std::function<double()> random)
    : initial_(initial), max_(max), random_(std::move(random)) {}

milliseconds RestartPolicy::after_death(std::optional<milliseconds> ready_for) {
    if (ready_for && *ready_for >= max_) short_lives_ = 0;
    const bool worked_once = ready_for.has_value() && short_lives_ == 0;
    ++short_lives_;
    if (worked_once) return milliseconds(0);
    milliseconds range = std::min(initial_, max_);
    for (unsigned i = 1; i < short_lives_ && range < max_; ++i) range = std::min(range * 2, max_);
    const double delay = static_cast<double>(range.count()) * random_();
    return milliseconds(static_cast<milliseconds::rep>(delay));
}

}  // namespace corral
