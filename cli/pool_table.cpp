#include "cli/pool_table.hpp"

#include <boost/json.hpp>
#include <boost/system/error_code.hpp>
#include <vector>

#include "cli/aligned_table.hpp"
#include "cli/terminal.hpp"
#include "supervisor/format.hpp"

namespace corral {
namespace {

namespace json = boost::json;

const json::value& field(const json::object& object, const char* name) {
    static const json::value none;
    const json::value* found = object.if_contains(name);
    return found ? *found : none;
}

std::string text(const json::value& value) {
    if (value.is_null()) return "-";
    return one_line(value.is_string() ? std::string_view(value.get_string())
                                      : std::string_view(json::serialize(value)));
}

std::string duration(const json::value& value) {
    return value.is_number() ? format_seconds(value.to_number<double>()) : "-";
}

std::string size(const json::value& value) {
    boost::system::error_code ec;
    const auto bytes = value.is_number() ? value.to_number<std::uint64_t>(ec) : 0;
    return value.is_number() && !ec ? format_bytes(bytes) : "-";
}

TableRow row_of(const json::object& worker) {
    const auto get = [&](const char* name) -> const json::value& { return field(worker, name); };
    return {text(get("id")),
            text(get("state")),
            duration(get("state_seconds")),
            text(get("pid")),
            duration(get("uptime_seconds")),
            text(get("requests")),
            text(get("restarts")),
            size(get("pss_bytes")) + " / " + size(get("rss_bytes")),
            text(get("last_exit"))};
}

std::string section(const json::object& pool) {
    static const json::object no_queue;
    const json::value& given = field(pool, "queue");
    const json::object& queue = given.is_object() ? given.get_object() : no_queue;
    std::vector<TableRow> rows{{"WORKER", "STATE", "SINCE", "PID", "UPTIME", "REQUESTS", "RESTARTS",
                                "MEMORY PSS / RSS", "LAST EXIT"}};
    for (const json::value& worker : pool.at("workers").as_array())
        rows.push_back(row_of(worker.as_object()));
    return "pool " + text(field(pool, "name")) + "  " + text(field(pool, "model")) + "\n" +
           "queue " + text(field(queue, "length")) + "/" + text(field(queue, "limit")) + "\n" +
           aligned_table(rows, Align::left);
}

}  // namespace

std::string pool_table(std::string_view report) {
    std::string table;
    try {
        const json::value value = json::parse(report);
        for (const json::value& pool : value.as_object().at("pools").as_array()) {
            if (!table.empty()) table += "\n";
            table += section(pool.as_object());
        }
    } catch (const std::exception&) {
        throw PoolReportError("the server's report on its pools is not understood");
    }
    return table;
}

}  // namespace corral
