#include "async/task_group.hpp"

#include <cassert>

namespace corral {

TaskGroup::TaskGroup(asio::any_io_executor executor, Clock& clock, OnError on_error)
    : executor_(executor), on_error_(std::move(on_error)), ended_(std::move(executor), clock) {}

TaskGroup::~TaskGroup() {
    assert(running_ == 0);
}

void TaskGroup::spawn(std::string name, awaitable<void> task) {
    ++running_;
    auto on_end = [this, name = std::move(name)](std::exception_ptr error) {
        --running_;
        ended_.notify();
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& e) {
            on_error_(name, e.what());
        }
    };
    asio::co_spawn(executor_, std::move(task), std::move(on_end));
}

awaitable<void> TaskGroup::join() {
    while (running_ > 0) co_await ended_.wait();
}

}  // namespace corral
