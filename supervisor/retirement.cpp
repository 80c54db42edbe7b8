#include "supervisor/retirement.hpp"

namespace corral {
namespace {

constexpr double spread = 0.2;
constexpr std::uint64_t mib = 1024 * 1024;

}  // namespace

std::string retirement_due(const RecycleConfig& limits, const ProcessAge& process,
                           double fraction) {
    const double share = 1 - spread * fraction;
    const double requests = static_cast<double>(limits.max_requests) * share;
    const double age_ms = static_cast<double>(limits.max_age.count()) * share;
    if (limits.max_requests > 0 && static_cast<double>(process.requests) >= requests)
        return "it answered " + std::to_string(process.requests) + " requests";
    if (limits.memory_limit_mib > 0 && process.private_bytes > limits.memory_limit_mib * mib)
        return "it has " + std::to_string(process.private_bytes / mib) +
               " MiB of memory of its own";
    if (limits.max_age.count() > 0 && static_cast<double>(process.age.count()) >= age_ms)
        return "it is " + std::to_string(process.age.count() / 1000) + " s old";
    return "";
}

}  // namespace corral
