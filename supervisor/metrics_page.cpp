#include "supervisor/metrics_page.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include "supervisor/metrics_parts.hpp"

namespace corral {
namespace {

using Type = PrometheusText::Type;

void program(PrometheusText& text, const MetricsSources& sources) {
    text.metric("corral_requests_refused_total", Type::counter,
                "Requests that no pool has seen, by why.");
    for (std::size_t i = 0; i < refusals; ++i) {
        const auto reason = static_cast<Refused>(i);
        text.sample({{"reason", to_string(reason)}}, static_cast<double>(sources.refused[reason]));
    }
    text.metric("corral_build_info", Type::gauge, "1; the version is in the label.");
    text.sample({{"version", CORRAL_VERSION}}, 1);
    text.metric("process_start_time_seconds", Type::gauge,
                "Start of corral itself, in seconds since the epoch.");
    text.sample({}, static_cast<double>(sources.started));
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    text.metric("process_cpu_seconds_total", Type::counter,
                "CPU time of corral itself, without its workers.");
    text.sample({}, seconds(used.ru_utime) + seconds(used.ru_stime));
    text.metric("process_resident_memory_bytes", Type::gauge, "Resident memory of corral itself.");
    if (const auto memory = sources.processes.look(getpid(), sources.now).memory)
        text.sample({}, static_cast<double>(memory->rss_bytes));
}

}  // namespace

std::string metrics_page(const MetricsSources& sources) {
    PoolPage page(sources.pools);
    metrics::requests(page);
    metrics::workers(page, sources);
    program(page.text(), sources);
    return page.text().text();
}

}  // namespace corral
