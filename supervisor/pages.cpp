#include "supervisor/pages.hpp"

#include <boost/json.hpp>

#include <algorithm>

#include "supervisor/llamacpp_page.hpp"
#include "supervisor/metrics_page.hpp"
#include "supervisor/openai.hpp"
#include "supervisor/pool_report.hpp"
#include "supervisor/prometheus.hpp"
#include "supervisor/responses.hpp"
#include "supervisor/status_page.hpp"

namespace corral {
namespace {

namespace json = boost::json;

constexpr std::string_view models_path = "/v1/models";
constexpr std::string_view metrics_path = "/metrics";
constexpr std::string_view llamacpp_metrics_path = "/metrics/llamacpp";

HttpResponse status_page() {
    return {200,
            {{"Content-Type", "text/html; charset=utf-8"},
             {"Content-Security-Policy", std::string(status_page_policy)},
             {"X-Content-Type-Options", "nosniff"},
             {"Referrer-Policy", "no-referrer"},
             {"Cache-Control", "no-cache"}},
            std::string(status_page_html)};
}

}  // namespace

Pages::Pages(asio::any_io_executor executor, const Config& config, Clock& clock,
             const std::vector<std::unique_ptr<Pool>>& pools, const RefusedCounts& refused)
    : config_(config),
      clock_(clock),
      pools_(pools),
      refused_(refused),
      started_(openai::new_head("").created),
      stream_(std::move(executor), clock, [this] {
          return ReportStream::Report{report(), lively()};
      }) {}

HttpResponse Pages::get(const std::string& path) {
    if (path == "/health") return json_response(200, "{\"status\":\"ok\"}\n");
    if (path == "/ready") return ready();
    if (path == "/v1/pool") return json_response(200, report() + "\n");
    if (path == status_path) return status_page();
    if (path == events_path) return {};
    if (path == metrics_path) return metrics(false);
    if (path == llamacpp_metrics_path) return metrics(true);
    if (path == models_path) return models("");
    if (path.starts_with(std::string(models_path) + "/"))
        return models(path.substr(models_path.size() + 1));
    return error_response(
        ApiError(404, "invalid_request_error", "not_found",
                 "there is nothing at this path; chat is at /v1/chat/completions"));
}

HttpResponse Pages::metrics(bool as_llama_server) {
    std::vector<Pool*> pools;
    for (const auto& pool : pools_) pools.push_back(pool.get());
    std::string page =
        as_llama_server
            ? llamacpp_page(pools)
            : metrics_page({std::move(pools), refused_, processes_, clock_.now(), started_});
    return {200, {{"Content-Type", PrometheusText::content_type}}, std::move(page)};
}

HttpResponse Pages::ready() const {
    if (draining_)
        return error_response(ApiError(503, "server_error", "not_ready", "shutting down"));
    json::object failing;
    for (const auto& pool : pools_) {
        const std::string& name = pool->config().name;
        const std::string trouble = pool->failing();
        if (!trouble.empty()) failing[name] = trouble;
        const std::string reason = pool->not_ready();
        if (reason.empty()) continue;
        const std::string none = "pool " + name + ": " + reason;
        return error_response(ApiError(503, "server_error", "not_ready",
                                       trouble.empty() ? none : none + "; " + trouble));
    }
    json::object status{{"status", "ready"}};
    if (!failing.empty()) status["failing"] = std::move(failing);
    return json_response(200, json::serialize(status) + "\n");
}

HttpResponse Pages::models(const std::string& id) const {
    json::array list;
    for (const auto& pool : pools_) {
        const std::string& name = pool->config().name;
        const json::object model{
            {"id", name}, {"object", "model"}, {"created", started_}, {"owned_by", "corral"}};
        if (id == name) return json_response(200, json::serialize(model) + "\n");
        list.push_back(model);
    }
    if (!id.empty())
        return error_response(ApiError(404, "invalid_request_error", "model_not_found",
                                       "there is no model of this name here", "model"));
    return json_response(200,
                         json::serialize(json::object{{"object", "list"}, {"data", list}}) + "\n");
}

std::string Pages::report() {
    return pool_report({pools_, processes_, config_.memory.headroom, clock_.now()});
}

// Whether more moves than workers tell of: tokens, the queue, ages.
bool Pages::lively() const {
    return std::ranges::any_of(pools_, [](const auto& pool) {
        return pool->queue().length > 0 ||
               std::ranges::any_of(pool->workers(), [](const Worker::Snapshot& worker) {
                   return worker.state != WorkerState::ready;
               });
    });
}

}  // namespace corral
