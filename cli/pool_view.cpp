#include "cli/pool_view.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "cli/report_fields.hpp"
#include "cli/sparkline.hpp"
#include "cli/terminal.hpp"
#include "supervisor/format.hpp"

namespace corral {
namespace {

namespace json = boost::json;

constexpr std::size_t deaths_shown = 3;
constexpr unsigned label_columns = 13;
constexpr unsigned figure_columns = 36;
constexpr unsigned chart_columns_min = 8;
constexpr unsigned chart_columns_max = 45;

// A line with what it is about in front.
std::string labelled(const std::string& label, const std::string& text) {
    return fmt::format("{:<{}}{}\n", label, label_columns, text);
}

std::string latency(double seconds) {
    return seconds < 0.9995 ? fmt::format("{:.0f} ms", seconds * 1000) : format_seconds(seconds);
}

std::vector<std::optional<double>> series(const json::object& history, const char* name) {
    std::vector<std::optional<double>> values;
    for (const json::value& value : fields::array(history, name))
        values.push_back(value.is_number() ? std::optional(value.to_number<double>())
                                           : std::nullopt);
    return values;
}

bool seen(const std::vector<std::optional<double>>& values) {
    return std::ranges::any_of(values, [](const auto& value) { return value.value_or(0) > 0; });
}

// The line of the 95th percentiles, with the figures of the whole time.
std::string latency_line(const std::string& label, const json::object& pool, const char* name,
                         const char* series_name, unsigned columns) {
    const auto values = series(fields::object(pool, "history"), series_name);
    if (!seen(values)) return "";
    const json::object whole = fields::object(fields::object(pool, "recent"), name);
    return labelled(label, fmt::format("{}  p50 {}, p95 {}", sparkline(values, columns),
                                       latency(fields::number(whole, "p50")),
                                       latency(fields::number(whole, "p95"))));
}

std::string rate_line(const json::object& pool, unsigned columns) {
    const auto values = series(fields::object(pool, "history"), "tokens_per_second");
    if (!seen(values)) return "";
    const double now =
        fields::number(fields::object(pool, "recent"), "tokens_per_second_last_minute");
    return labelled("tokens/s",
                    fmt::format("{}  {:.1f} in the last minute", sparkline(values, columns), now));
}

std::string deaths(const json::object& pool) {
    std::string lines;
    std::size_t shown = 0;
    for (const json::value& entry : fields::array(pool, "deaths")) {
        if (shown++ == deaths_shown) break;
        const json::object& death = entry.as_object();
        lines += labelled(shown == 1 ? "last deaths" : "",
                          fmt::format("{} ago  {}  {}: {}", fields::duration(death, "seconds_ago"),
                                      fields::text(death, "worker"), fields::text(death, "cause"),
                                      fields::text(death, "text")));
    }
    return lines;
}

std::string view_of(const json::object& pool, unsigned columns) {
    const json::object recent = fields::object(pool, "recent");
    const unsigned chart = std::clamp(columns, label_columns + figure_columns + chart_columns_min,
                                      label_columns + figure_columns + chart_columns_max) -
                           label_columns - figure_columns;
    std::string view = pool_section(pool);
    if (const std::string failing = fields::text(pool, "failing"); failing != "-")
        view += failing + "\n";
    if (!recent.empty())
        view += labelled("15 minutes",
                         fmt::format("{} answered, {} failed", fields::text(recent, "answered"),
                                     fields::text(recent, "failed")));
    return view + rate_line(pool, chart) +
           latency_line("first token", pool, "first_token_seconds", "first_token_p95", chart) +
           latency_line("answered", pool, "duration_seconds", "duration_p95", chart) + deaths(pool);
}

std::string memory_line(const json::object& memory) {
    if (memory.empty()) return "";
    const auto size = [&](const char* name) { return fields::size(memory, name); };
    return "\n" +
           labelled("memory", fmt::format("{}: weights {} (shared), workers {}, others {}, free {}"
                                          " (headroom {})",
                                          size("total_bytes"), size("weights_shared_bytes"),
                                          size("private_bytes"), size("other_bytes"),
                                          size("free_bytes"), size("headroom_bytes")));
}

}  // namespace

std::string pool_view(std::string_view report, unsigned columns) {
    std::string view;
    try {
        const json::value value = json::parse(report);
        for (const json::value& pool : value.as_object().at("pools").as_array()) {
            if (!view.empty()) view += "\n";
            view += view_of(pool.as_object(), columns);
        }
        return view + memory_line(fields::object(value.as_object(), "memory"));
    } catch (const std::exception&) {
        throw PoolReportError("the server's report on its pools is not understood");
    }
}

}  // namespace corral
