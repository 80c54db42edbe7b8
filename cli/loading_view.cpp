#include "cli/loading_view.hpp"

#include <algorithm>

#include "cli/terminal.hpp"

namespace corral {

std::string loading_line(const Worker::Snapshot& worker, std::size_t index, std::size_t total,
                         std::string_view ready_in) {
    const std::string place = std::to_string(index) + "/" + std::to_string(total);
    const std::string name = "  " + worker.name + "  ";
    switch (worker.state) {
        case WorkerState::starting:
            return name + "loading " + place + " …";
        case WorkerState::backoff:
            return name + "failed " + place + ", trying again: " + one_line(worker.last_exit);
        case WorkerState::stopping:
        case WorkerState::stopped:
            return name + "stopped " + place;
        case WorkerState::ready:
        case WorkerState::busy:
        case WorkerState::recovering:
        case WorkerState::checking:
            break;
    }
    return name + "ready " + place + " in " + std::string(ready_in) + " (pid " +
           std::to_string(worker.pid.value_or(0)) + ")";
}

LoadingView::LoadingView(int fd, std::size_t total, std::string hint)
    : fd_(fd), total_(total), hint_(std::move(hint)) {}

void LoadingView::worker_changed(const Worker& worker) {
    if (!loading_) return;
    const Worker::Snapshot snapshot = worker.snapshot();
    auto line = std::ranges::find(lines_, snapshot.name, &Line::worker);
    if (line == lines_.end()) line = lines_.insert(lines_.end(), {snapshot.name, "", false});
    if (line->ready && worker.loaded()) return;  // only its first readiness is news
    line->ready = worker.loaded();
    const double seconds =
        std::chrono::duration<double>(snapshot.state_since - snapshot.spawned_at).count();
    const auto index = static_cast<std::size_t>(line - lines_.begin()) + 1;
    line->text = loading_line(snapshot, index, total_, fmt::format("{:.2f} s", seconds));
    draw("");
    const auto ready = std::ranges::count_if(lines_, &Line::ready);
    loading_ = static_cast<std::size_t>(ready) < total_;
    if (!loading_) write_all(fd_, hint_);
}

void LoadingView::sink_it_(const spdlog::details::log_msg& message) {
    // What the lines below show anyway is not said twice.
    if (loading_ && message.level < spdlog::level::warn) return;
    spdlog::memory_buf_t formatted;
    formatter_->format(message, formatted);
    const std::string line = fmt::to_string(formatted);
    if (loading_) {
        draw(line);
    } else {
        write_all(fd_, line);
    }
}

// Redraws the lines, with `above` printed over them for good.
void LoadingView::draw(const std::string& above) {
    std::string frame;
    if (drawn_ > 0) frame = "\x1b[" + std::to_string(drawn_) + "A\r\x1b[J";
    frame += above;
    const std::size_t width = terminal_size(fd_).columns;
    for (const Line& line : lines_) frame += cropped(line.text, width) + "\n";
    drawn_ = lines_.size();
    write_all(fd_, frame);
}

}  // namespace corral
