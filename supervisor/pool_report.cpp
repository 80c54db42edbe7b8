#include "supervisor/pool_report.hpp"

#include <boost/json.hpp>

#include <cmath>

namespace corral {
namespace {

namespace json = boost::json;

constexpr std::chrono::seconds one_minute{60};

std::int64_t seconds(TimePoint from, TimePoint to) {
    return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

double rounded(double value) {
    return std::round(value * 1000) / 1000;
}

json::object request_json(const PoolMetrics::Running& request) {
    json::object report{{"age_seconds", rounded(request.age_seconds)},
                        {"worker_seconds", rounded(request.worker_seconds)},
                        {"prompt_tokens", nullptr},
                        {"tokens", request.tokens},
                        {"tokens_per_second", rounded(request.tokens_per_second)}};
    if (request.prompt_tokens) report["prompt_tokens"] = *request.prompt_tokens;
    return report;
}

// The last 15 minutes, or since the start if that is later.
json::object recent_json(PoolMetrics& metrics) {
    const RecentFigures::Figures recent = metrics.last(RecentFigures::whole);
    const RecentFigures::Figures minute = metrics.last(one_minute);
    const double tokens = static_cast<double>(minute.completion_tokens);
    const auto quantiles = [](const Histogram& histogram) {
        return json::object{{"p50", rounded(histogram.quantile(0.5))},
                            {"p95", rounded(histogram.quantile(0.95))}};
    };
    return {{"window_seconds", RecentFigures::whole.count()},
            {"answered", recent.answered},
            {"failed", recent.failed},
            {"prompt_tokens", recent.prompt_tokens},
            {"completion_tokens", recent.completion_tokens},
            {"tokens_per_second_last_minute",
             rounded(tokens / static_cast<double>(one_minute.count()))},
            {"duration_seconds", quantiles(recent.duration)},
            {"first_token_seconds", quantiles(recent.first_token)}};
}

json::object worker_json(const Worker::Snapshot& worker, ProcessWatch& processes, TimePoint now) {
    json::object report{{"id", worker.name},
                        {"state", to_string(worker.state)},
                        {"state_seconds", seconds(worker.state_since, now)},
                        {"pid", nullptr},
                        {"uptime_seconds", nullptr},
                        {"requests", worker.served},
                        {"restarts", worker.restarts},
                        {"last_exit", nullptr},
                        {"rss_bytes", nullptr},
                        {"pss_bytes", nullptr},
                        {"loading", nullptr},
                        {"request", nullptr}};
    if (worker.loading)
        report["loading"] = {{"bytes", worker.loading->bytes},
                             {"of_bytes", worker.loading->of_bytes}};
    if (!worker.last_exit.empty()) report["last_exit"] = worker.last_exit;
    if (!worker.pid) return report;
    report["pid"] = *worker.pid;
    report["uptime_seconds"] = seconds(worker.spawned_at, now);
    if (const auto memory = processes.look(*worker.pid, now).memory) {
        report["rss_bytes"] = memory->rss_bytes;
        report["pss_bytes"] = memory->pss_bytes;
    }
    return report;
}

}  // namespace

std::string pool_report(const std::vector<std::unique_ptr<Pool>>& pools, ProcessWatch& processes,
                        TimePoint now) {
    json::array reports;
    for (const auto& pool : pools) {
        json::array workers;
        for (const Worker::Snapshot& worker : pool->workers())
            workers.push_back(worker_json(worker, processes, now));
        for (const PoolMetrics::Running& request : pool->metrics().running())
            for (json::value& worker : workers)
                if (worker.at("id").as_string() == request.worker)
                    worker.as_object()["request"] = request_json(request);
        const auto [length, limit] = pool->queue();
        const PoolMetrics::Failover& counters = pool->counters();
        json::value failing = nullptr;
        if (const std::string trouble = pool->failing(); !trouble.empty()) failing = trouble;
        reports.push_back(json::object{{"name", pool->config().name},
                                       {"model", pool->config().model},
                                       {"failing", std::move(failing)},
                                       {"queue", {{"length", length}, {"limit", limit}}},
                                       {"retried", counters.retried},
                                       {"resumed", counters.resumed},
                                       {"quarantined", counters.quarantined},
                                       {"recent", recent_json(pool->metrics())},
                                       {"workers", std::move(workers)}});
    }
    return json::serialize(json::object{{"pools", std::move(reports)}}) + "\n";
}

}  // namespace corral
