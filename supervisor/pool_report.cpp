#include "supervisor/pool_report.hpp"

#include <boost/json.hpp>

#include "supervisor/process_memory.hpp"

namespace corral {
namespace {

namespace json = boost::json;

std::int64_t seconds(TimePoint from, TimePoint to) {
    return std::chrono::duration_cast<std::chrono::seconds>(to - from).count();
}

json::object worker_json(const Worker::Snapshot& worker, TimePoint now) {
    json::object report{{"id", worker.name},
                        {"state", to_string(worker.state)},
                        {"state_seconds", seconds(worker.state_since, now)},
                        {"pid", nullptr},
                        {"uptime_seconds", nullptr},
                        {"requests", worker.served},
                        {"restarts", worker.restarts},
                        {"last_exit", nullptr},
                        {"rss_bytes", nullptr},
                        {"pss_bytes", nullptr}};
    if (!worker.last_exit.empty()) report["last_exit"] = worker.last_exit;
    if (!worker.pid) return report;
    report["pid"] = *worker.pid;
    report["uptime_seconds"] = seconds(worker.spawned_at, now);
    if (const auto memory = read_process_memory(*worker.pid)) {
        report["rss_bytes"] = memory->rss_bytes;
        report["pss_bytes"] = memory->pss_bytes;
    }
    return report;
}

}  // namespace

std::string pool_report(const std::vector<std::unique_ptr<Pool>>& pools, TimePoint now) {
    json::array reports;
    for (const auto& pool : pools) {
        json::array workers;
        for (const Worker::Snapshot& worker : pool->workers())
            workers.push_back(worker_json(worker, now));
        const auto [length, limit] = pool->queue();
        const Pool::Counters& counters = pool->counters();
        json::value failing = nullptr;
        if (const std::string trouble = pool->failing(); !trouble.empty()) failing = trouble;
        reports.push_back(json::object{{"name", pool->config().name},
                                       {"model", pool->config().model},
                                       {"failing", std::move(failing)},
                                       {"queue", {{"length", length}, {"limit", limit}}},
                                       {"retried", counters.retried},
                                       {"resumed", counters.resumed},
                                       {"quarantined", counters.quarantined},
                                       {"workers", std::move(workers)}});
    }
    return json::serialize(json::object{{"pools", std::move(reports)}}) + "\n";
}

}  // namespace corral
