// The owner of coroutines: the only place that calls co_spawn, so that every coroutine has a name,
// someone who waits for its end and someone who hears of its exception. Tasks are told to end by
// their own means (a stop token, a closed descriptor); join() waits for them. Must be empty when it
// is destroyed.
#pragma once

#include <exception>
#include <functional>
#include <string>

#include "async/event.hpp"

namespace corral {

class TaskGroup {
  public:
    // `on_error` hears of every exception that leaves a task: (name of the task, its exception's
    // text).
    using OnError = std::function<void(const std::string&, const std::string&)>;

    TaskGroup(asio::any_io_executor executor, Clock& clock, OnError on_error);
    TaskGroup(const TaskGroup&) = delete;
    ~TaskGroup();

    void spawn(std::string name, awaitable<void> task);
    std::size_t size() const { return running_; }
    // Returns once no task runs. One caller at a time.
    awaitable<void> join();

  private:
    asio::any_io_executor executor_;
    OnError on_error_;
    Event ended_;
    std::size_t running_ = 0;
};

}  // namespace corral
