#include "cli/pool_table.hpp"

#include <spdlog/fmt/fmt.h>

#include <map>

#include "cli/aligned_table.hpp"
#include "cli/loading_bar.hpp"
#include "cli/report_fields.hpp"
#include "supervisor/format.hpp"

namespace corral {
namespace {

namespace json = boost::json;

// As an operator thinks of a worker.
std::string state_of(const json::object& worker) {
    static const std::map<std::string, std::string> words{
        {"starting", "loading"}, {"busy", "in use"}, {"backoff", "backing off"}};
    const std::string state = fields::text(worker, "state");
    const auto word = words.find(state);
    return word == words.end() ? state : word->second;
}

std::string tokens_of(const json::object& request, const char* name) {
    return fields::text(request, name) +
           (fields::number(request, name) == 1 ? " token" : " tokens");
}

std::string request_text(const json::object& request) {
    const std::string age = fields::duration(request, "age_seconds");
    if (fields::number(request, "tokens") == 0)
        return age + ", reads " + tokens_of(request, "prompt_tokens");
    const double rate = fields::number(request, "tokens_per_second");
    return age + ", " + tokens_of(request, "tokens") +
           (rate > 0 ? fmt::format(", {:.1f}/s", rate) : "");
}

std::string work_of(const json::object& worker) {
    const json::object request = fields::object(worker, "request");
    if (!request.empty()) return request_text(request);
    const json::object loading = fields::object(worker, "loading");
    const double of_bytes = fields::number(loading, "of_bytes");
    if (of_bytes < 1) return "-";
    return loading_bar({static_cast<std::uint64_t>(fields::number(loading, "bytes")),
                        static_cast<std::uint64_t>(of_bytes)});
}

TableRow row_of(const json::object& worker) {
    return {fields::text(worker, "id"),
            state_of(worker),
            fields::duration(worker, "state_seconds"),
            work_of(worker),
            fields::text(worker, "pid"),
            fields::duration(worker, "uptime_seconds"),
            fields::text(worker, "requests"),
            fields::text(worker, "restarts"),
            fields::size(worker, "pss_bytes") + " / " + fields::size(worker, "rss_bytes"),
            fields::text(worker, "last_exit")};
}

}  // namespace

std::string pool_section(const json::object& pool) {
    const json::object queue = fields::object(pool, "queue");
    std::vector<TableRow> rows{{"WORKER", "STATE", "SINCE", "WORKING ON", "PID", "UPTIME",
                                "REQUESTS", "RESTARTS", "MEMORY PSS / RSS", "LAST EXIT"}};
    for (const json::value& worker : pool.at("workers").as_array())
        rows.push_back(row_of(worker.as_object()));
    const bool waiting = fields::number(queue, "length") > 0;
    return "pool " + fields::text(pool, "name") + "  " + fields::text(pool, "model") + "\n" +
           "queue " + fields::text(queue, "length") + "/" + fields::text(queue, "limit") +
           (waiting ? ", the first for " + fields::duration(queue, "oldest_seconds") : "") + "\n" +
           aligned_table(rows, Align::left);
}

std::string pool_table(std::string_view report) {
    std::string table;
    try {
        const json::value value = json::parse(report);
        for (const json::value& pool : value.as_object().at("pools").as_array()) {
            if (!table.empty()) table += "\n";
            table += pool_section(pool.as_object());
        }
    } catch (const std::exception&) {
        throw PoolReportError("the server's report on its pools is not understood");
    }
    return table;
}

}  // namespace corral
