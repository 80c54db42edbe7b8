#include "cli/plan_report.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "cli/aligned_table.hpp"
#include "cli/terminal.hpp"
#include "supervisor/format.hpp"

namespace corral {
namespace {

namespace json = boost::json;

constexpr unsigned rows_max = 16;

// So many workers of one pool, and nothing else.
struct Layout {
    unsigned workers;
    std::uint64_t shared;
    WorkerMemory all;  // of all workers together

    std::uint64_t loaded() const { return shared + all.loaded(); }
    std::uint64_t busy() const { return shared + all.busy(); }
    std::uint64_t at_most() const { return shared + all.at_most(); }
};

Layout layout(const PoolMemory& memory, unsigned n) {
    const WorkerMemory& each = memory.worker;
    return {
        n,
        memory.weights + llama_cli_code_bytes,
        {n * each.process, n * each.weights, n * each.kv, n * each.compute, n * each.prompt_cache}};
}

std::vector<Layout> layouts(const PlanReport& report, const PoolMemory& memory) {
    const unsigned most = report.rows == 0 ? rows_max : report.rows;
    std::vector<Layout> rows;
    while (rows.size() < most) {
        rows.push_back(layout(memory, static_cast<unsigned>(rows.size()) + 1));
        if (report.rows == 0 && rows.back().at_most() > report.usable()) break;
    }
    return rows;
}

std::string table(const PlanReport& report, const PoolMemory& memory) {
    std::vector<TableRow> rows{{"WORKERS", "SHARED", "PROCESS", "OWN WEIGHTS", "KV CACHE", "LOADED",
                                "COMPUTE", "PROMPT CACHE", "AT MOST", "LEFT"}};
    for (const Layout& one : layouts(report, memory)) {
        const bool fits = one.at_most() <= report.usable();
        rows.push_back(
            {std::to_string(one.workers), format_bytes(one.shared), format_bytes(one.all.process),
             one.all.weights == 0 ? "-" : format_bytes(one.all.weights), format_bytes(one.all.kv),
             format_bytes(one.loaded()), format_bytes(one.all.compute),
             format_bytes(one.all.prompt_cache), format_bytes(one.at_most()),
             fits ? format_bytes(report.ram - one.at_most()) : "too much"});
    }
    return aligned_table(rows, Align::right);
}

std::string sharing(const PoolMemory& memory) {
    std::string text =
        "Shared, once for all workers: llama-cli's code, " + format_bytes(llama_cli_code_bytes);
    if (memory.mapped)
        text += ", and the weights in the file's pages, " + format_bytes(memory.weights);
    text += ".\n";
    if (!memory.mapped)
        text += "Not shared: the weights, for this load mode copies them into each worker.\n";
    if (memory.repacked)
        text += "Not shared: " + format_bytes(memory.worker.weights) +
                " of weights that each worker repacks for the CPU; --no-repack in extra_args saves "
                "it and costs speed.\n";
    if (memory.open) text += "The file leaves some figures open: it may take more than this.\n";
    return text;
}

std::string reason(const PlanReport& report, const WorkerChoice& choice) {
    switch (choice.limit) {
        case WorkerLimit::given:
            return "";
        case WorkerLimit::memory:
            return "one more does not fit";
        case WorkerLimit::cores:
            return "more would fit, but more workers than the " + std::to_string(report.cores) +
                   " usable cores do not help";
        case WorkerLimit::most:
            return "a pool has no more";
    }
    return "";
}

const char* limit_name(WorkerLimit limit) {
    constexpr std::array names{"given", "memory", "cores", "most"};
    return names.at(static_cast<std::size_t>(limit));
}

json::object worker_json(const WorkerMemory& worker) {
    return {{"process_bytes", worker.process},
            {"weights_bytes", worker.weights},
            {"kv_bytes", worker.kv},
            {"compute_bytes", worker.compute},
            {"prompt_cache_bytes", worker.prompt_cache}};
}

json::object pool_json(const PlanReport& report, const PlanReport::PoolPlan& pool) {
    json::array rows;
    for (const Layout& one : layouts(report, pool.memory))
        rows.push_back(json::object{{"workers", one.workers},
                                    {"loaded_bytes", one.loaded()},
                                    {"busy_bytes", one.busy()},
                                    {"at_most_bytes", one.at_most()},
                                    {"fits", one.at_most() <= report.usable()}});
    return {{"name", pool.name},
            {"model", pool.model},
            {"context", pool.context},
            {"shared", json::object{{"weights_bytes", pool.memory.weights},
                                    {"code_bytes", llama_cli_code_bytes}}},
            {"worker", worker_json(pool.memory.worker)},
            {"layouts", std::move(rows)},
            {"workers", pool.choice.workers},
            {"limit", limit_name(pool.choice.limit)}};
}

}  // namespace

std::string plan_table(const PlanReport& report) {
    std::string text;
    for (const auto& pool : report.pools) {
        text += "pool " + one_line(pool.name) + "  " + one_line(pool.model) + ", context " +
                std::to_string(pool.context) + "\n" + table(report, pool.memory) +
                sharing(pool.memory) + "\n";
    }
    text += "Memory: " + format_bytes(report.ram) + " (" + report.ram_source + "), of which " +
            format_bytes(std::min(report.headroom, report.ram)) + " is kept free.\n";
    if (!report.fits()) return text;
    for (const auto& pool : report.pools)
        text += (report.pools.size() == 1 ? "" : "pool " + one_line(pool.name) + ": ") +
                "workers: " + std::to_string(pool.choice.workers) + "  (" +
                reason(report, pool.choice) + ")\n";
    return text;
}

std::string plan_json(const PlanReport& report) {
    json::array pools;
    for (const auto& pool : report.pools) pools.push_back(pool_json(report, pool));
    return json::serialize(json::object{{"ram_bytes", report.ram},
                                        {"ram_source", report.ram_source},
                                        {"headroom_bytes", report.headroom},
                                        {"usable_cores", report.cores},
                                        {"needed_bytes", report.needed},
                                        {"fits", report.fits()},
                                        {"pools", std::move(pools)}}) +
           "\n";
}

}  // namespace corral
