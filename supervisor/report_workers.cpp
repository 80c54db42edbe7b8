// What GET /v1/pool tells of one worker and of the request that it is at.
#include <cmath>

#include "supervisor/report_parts.hpp"

namespace corral::report {

std::int64_t whole_seconds(TimePoint from, TimePoint to) {
    return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

double rounded(double value) {
    return std::round(value * 1000) / 1000;
}

json::object request(const PoolMetrics::Running& request) {
    json::object report{{"age_seconds", rounded(request.age_seconds)},
                        {"worker_seconds", rounded(request.worker_seconds)},
                        {"prompt_tokens", nullptr},
                        {"tokens", request.tokens},
                        {"tokens_per_second", rounded(request.tokens_per_second)}};
    if (request.prompt_tokens) report["prompt_tokens"] = *request.prompt_tokens;
    return report;
}

json::object worker(const Worker::Snapshot& worker, ProcessWatch& processes, TimePoint now) {
    json::object report{{"id", worker.name},
                        {"state", to_string(worker.state)},
                        {"state_seconds", whole_seconds(worker.state_since, now)},
                        {"pid", nullptr},
                        {"uptime_seconds", nullptr},
                        {"requests", worker.served},
                        {"restarts", worker.restarts},
                        {"last_exit", nullptr},
                        {"rss_bytes", nullptr},
                        {"pss_bytes", nullptr},
                        {"private_bytes", nullptr},
                        {"loading", nullptr},
                        {"request", nullptr}};
    if (worker.loading)
        report["loading"] = {{"bytes", worker.loading->bytes},
                             {"of_bytes", worker.loading->of_bytes}};
    if (!worker.last_exit.empty()) report["last_exit"] = worker.last_exit;
    if (!worker.pid) return report;
    report["pid"] = *worker.pid;
    report["uptime_seconds"] = whole_seconds(worker.spawned_at, now);
    if (const auto memory = processes.look(*worker.pid, now).memory) {
        report["rss_bytes"] = memory->rss_bytes;
        report["pss_bytes"] = memory->pss_bytes;
        report["private_bytes"] = memory->anonymous_bytes;
    }
    return report;
}

}  // namespace corral::report
