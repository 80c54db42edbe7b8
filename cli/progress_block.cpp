#include "cli/progress_block.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

#include "cli/loading_bar.hpp"
#include "cli/terminal.hpp"
#include "supervisor/format.hpp"

namespace corral {
namespace {

std::string loading(const Worker::Snapshot& worker) {
    std::string text = worker.loading ? "loading  " + loading_bar(*worker.loading) : "loading …";
    if (worker.restarts > 0) text += fmt::format(" (start {})", worker.restarts + 1);
    return text;
}

std::string ready(const Worker::Snapshot& worker) {
    const std::chrono::duration<double> took = worker.state_since - worker.spawned_at;
    std::string text = "ready in " + format_seconds(took.count());
    if (worker.pid) text += " (pid " + std::to_string(*worker.pid) + ")";
    return text;
}

}  // namespace

ProgressBlock::ProgressBlock(const std::vector<PoolConfig>& pools) {
    for (const PoolConfig& pool : pools) {
        const unsigned workers = pool.workers.value();
        const std::string of = "/" + std::to_string(workers);
        for (unsigned i = 1; i <= workers; ++i) {
            const std::string number = std::to_string(i);
            rows_.push_back({pool.name + "/" + number, pool.name + " " + number + of});
            label_width_ = std::max(label_width_, display_width(rows_.back().label));
        }
    }
}

bool ProgressBlock::update(const Worker::Snapshot& worker) {
    const auto row = std::find_if(rows_.begin(), rows_.end(),
                                  [&](const Row& r) { return r.worker == worker.name; });
    if (row == rows_.end()) return false;
    const std::string before = row->text;
    switch (worker.state) {
        case WorkerState::starting:
            row->text = loading(worker);
            row->ready = false;
            break;
        case WorkerState::ready:
            // It is ready again after each answer: the first time tells how long it loaded.
            if (!row->ready) row->text = ready(worker);
            row->ready = true;
            break;
        case WorkerState::backoff:
            row->text = "backoff: " + one_line(worker.last_exit);
            row->ready = false;
            break;
        case WorkerState::retiring:
        case WorkerState::stopping:
        case WorkerState::stopped:
            row->text = to_string(worker.state);
            row->ready = false;
            stopping_ = stopping_ || worker.state != WorkerState::retiring;
            break;
        case WorkerState::busy:
        case WorkerState::recovering:
        case WorkerState::checking:
            break;
    }
    return row->text != before;
}

std::vector<std::string> ProgressBlock::lines(unsigned columns, unsigned rows) const {
    std::vector<std::string> lines;
    for (const Row& row : rows_) {
        const std::size_t padding = label_width_ - display_width(row.label) + 2;
        lines.push_back(cropped(row.label + std::string(padding, ' ') + row.text, columns));
    }
    if (lines.size() <= rows || rows == 0) return lines;
    const std::size_t hidden = lines.size() - rows + 1;
    lines.resize(rows - 1);
    lines.push_back(cropped("and " + std::to_string(hidden) + " more workers", columns));
    return lines;
}

bool ProgressBlock::all_ready() const {
    return std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.ready; });
}

}  // namespace corral
