// What GET /v1/pool tells of the last 15 minutes of a pool, and of its workers' deaths.
#include "supervisor/report_parts.hpp"

namespace corral::report {
namespace {

constexpr std::chrono::seconds one_minute{60};

json::object quantiles(const Histogram& histogram) {
    return {{"p50", rounded(histogram.quantile(0.5))}, {"p95", rounded(histogram.quantile(0.95))}};
}

// A line of a chart: nothing where there was nothing to measure.
json::array line(const std::vector<RecentFigures::Figures>& pieces,
                 Histogram RecentFigures::Figures::*histogram, double q) {
    json::array line;
    for (const RecentFigures::Figures& piece : pieces) {
        const Histogram& seen = piece.*histogram;
        line.push_back(seen.count() == 0 ? json::value(nullptr) : rounded(seen.quantile(q)));
    }
    return line;
}

}  // namespace

json::object recent(PoolMetrics& metrics) {
    const RecentFigures::Figures recent = metrics.last(RecentFigures::whole);
    const RecentFigures::Figures minute = metrics.last(one_minute);
    const double tokens = static_cast<double>(minute.completion_tokens);
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

json::object history(PoolMetrics& metrics, TimePoint now) {
    using Figures = RecentFigures::Figures;
    const auto [pieces, under_way] = metrics.recent().in_pieces(now);
    json::array answered;
    json::array failed;
    json::array tokens_per_second;
    for (const Figures& piece : pieces) {
        // In its first second a piece says nothing about a rate.
        const double seconds = &piece == &pieces.back()
                                   ? std::max(1.0, std::chrono::duration<double>(under_way).count())
                                   : static_cast<double>(RecentFigures::piece.count());
        answered.emplace_back(piece.answered);
        failed.emplace_back(piece.failed);
        tokens_per_second.emplace_back(
            rounded(static_cast<double>(piece.completion_tokens) / seconds));
    }
    return {{"step_seconds", RecentFigures::piece.count()},
            {"answered", std::move(answered)},
            {"failed", std::move(failed)},
            {"tokens_per_second", std::move(tokens_per_second)},
            {"duration_p50", line(pieces, &Figures::duration, 0.5)},
            {"duration_p95", line(pieces, &Figures::duration, 0.95)},
            {"first_token_p50", line(pieces, &Figures::first_token, 0.5)},
            {"first_token_p95", line(pieces, &Figures::first_token, 0.95)}};
}

json::array deaths(const RecentDeaths& deaths, TimePoint now) {
    json::array report;
    for (const RecentDeaths::Death& death : deaths.newest_first())
        report.push_back(json::object{{"worker", death.worker},
                                      {"seconds_ago", whole_seconds(death.at, now)},
                                      {"cause", to_string(death.cause)},
                                      {"text", death.text}});
    return report;
}

}  // namespace corral::report
