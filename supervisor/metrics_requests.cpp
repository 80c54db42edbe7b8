// What GET /metrics tells of requests: their ends, the queue, tokens and times.
#include "supervisor/metrics_parts.hpp"

namespace corral::metrics {
namespace {

using Type = PrometheusText::Type;
using Figures = PoolMetrics::Figures;

void outcomes_and_queue(PoolPage& page) {
    page.by_word("corral_requests_total", "Requests that came to their end, by how they did.",
                 "outcome", &Figures::requests);
    page.of_pools("corral_requests_running", Type::gauge, "Requests that a worker is at.",
                  [](Pool& pool) { return static_cast<double>(pool.metrics().running().size()); });
    page.of_pools("corral_queue_length", Type::gauge, "Requests that wait for a worker.",
                  [](Pool& pool) { return static_cast<double>(pool.queue().length); });
    page.of_pools("corral_queue_limit", Type::gauge,
                  "Requests that may wait (queue.limit); clients below their share beyond it.",
                  [](Pool& pool) { return static_cast<double>(pool.queue().limit); });
    page.of_pools("corral_queue_oldest_seconds", Type::gauge,
                  "How long the one that waits longest has waited.",
                  [](Pool& pool) { return pool.metrics().oldest_wait_seconds(); });
    const auto failover = [&](std::string_view name, std::string_view help,
                              std::uint64_t PoolMetrics::Failover::*count) {
        page.of_figures(name, Type::counter, help, [&](const Figures& figures) {
            return static_cast<double>(figures.failover.*count);
        });
    };
    failover("corral_answers_resumed_total",
             "Answers that another worker went on with after part of them was out.",
             &PoolMetrics::Failover::resumed);
    failover("corral_answers_retried_total",
             "Answers that another worker began anew, as nothing was out yet.",
             &PoolMetrics::Failover::retried);
    failover("corral_conversations_quarantined_total",
             "Conversations that crashed workers and are refused for failover.quarantine.",
             &PoolMetrics::Failover::quarantined);
}

void tokens(PoolPage& page) {
    const auto counter = [&](std::string_view name, std::string_view help, auto Figures::*count) {
        page.of_figures(name, Type::counter, help, [&](const Figures& figures) {
            return static_cast<double>(figures.*count);
        });
    };
    counter("corral_prompt_tokens_total", "Tokens of prompts, with those found in a cache.",
            &Figures::prompt_tokens);
    counter("corral_prompt_tokens_cached_total",
            "Tokens of prompts that were found in a worker's prompt cache.",
            &Figures::cached_tokens);
    counter("corral_completion_tokens_total", "Tokens that workers wrote, as they come.",
            &Figures::completion_tokens);
    counter("corral_prompt_seconds_total", "Time of workers until the first token of an answer.",
            &Figures::prompt_seconds);
    counter("corral_generation_seconds_total",
            "Time of workers from the first token of an answer on.", &Figures::generation_seconds);
    page.of_figures(
        "corral_context_tokens_max", Type::gauge,
        "Tokens of the longest prompt and answer together so far.",
        [](const Figures& figures) { return static_cast<double>(figures.context_tokens_max); });
}

void histograms(PoolPage& page) {
    const auto histogram = [&](std::string_view name, std::string_view help,
                               Histogram Figures::*which) {
        page.of_figures(name, Type::histogram, help,
                        [&](const Figures& figures) -> const Histogram& { return figures.*which; });
    };
    histogram("corral_queue_wait_seconds", "Each wait of a request for a worker.",
              &Figures::queue_wait);
    histogram("corral_time_to_first_token_seconds",
              "From a request's arrival to the first token of its answer.", &Figures::first_token);
    histogram("corral_time_per_output_token_seconds",
              "From one token of an answer to the next, each one.", &Figures::per_token);
    histogram("corral_request_duration_seconds",
              "From a request's arrival to the end of its answer.", &Figures::duration);
    histogram("corral_worker_start_seconds", "From spawning a worker's process to its being ready.",
              &Figures::start);
}

}  // namespace

void requests(PoolPage& page) {
    outcomes_and_queue(page);
    tokens(page);
    histograms(page);
}

}  // namespace corral::metrics
