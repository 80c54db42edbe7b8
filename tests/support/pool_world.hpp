// A pool of fake llama-cli processes under virtual time, for tests of everything above the pipes.
#pragma once

#include <doctest/doctest.h>

#include "ipc/llama_cli.hpp"
#include "supervisor/answering.hpp"
#include "tests/support/fake_spawner.hpp"
#include "tests/support/manual_clock.hpp"

namespace corral::test {

using namespace std::chrono_literals;

// Collects an answer; can play a client that left or one that has seen text.
struct CollectingSink final : AnswerSink {
    awaitable<bool> write(const std::string& piece) override {
        text += piece;
        co_return connected;
    }
    std::string text;
    bool connected = true;
};

// One request on its way through the pool, and what came of it.
struct Asked {
    ChatRequest request;
    Origin origin{"uid 1", "", Priority::normal};
    Cancellation cancellation;
    CollectingSink sink;
    std::optional<AnswerEnd> end;
    std::optional<ApiError> error;
    bool done() const { return end || error; }
};

struct PoolWorld {
    explicit PoolWorld(unsigned workers, QueueConfig queue = {}, RecycleConfig recycle = {},
                       unsigned max_tokens = 512)
        : pool(io.get_executor(), clock, settings(workers, queue, recycle, max_tokens),
               [this](const Worker& worker) {
                   if (observer) observer(worker);
               }) {
        for (unsigned i = 1; i <= workers; ++i)
            pool.add(std::make_unique<Worker>(io.get_executor(), clock, spawner,
                                              parts("llama-cli", "w" + std::to_string(i)),
                                              pool.owner()));
        pool.start();
        clock.settle();
    }
    ~PoolWorld() {
        // Every test ends with an orderly stop, whatever it did before.
        for (const auto& one : asked) one->cancellation.cancel(CancelReason::shutdown);
        tasks.spawn("stop", pool.stop());
        clock.advance(1min);
        CHECK(tasks.size() == 0);
        for (const auto& worker : pool.workers()) CHECK(worker.state == WorkerState::stopped);
        for (const auto& process : spawner.processes) CHECK(process->status);
    }

    void all_ready() {
        for (const auto& process : spawner.processes)
            if (!process->status) process->become_ready();
        clock.settle();
    }
    Asked& ask(const std::string& text, std::optional<unsigned> max_tokens = std::nullopt,
               const std::string& prefill = "", const std::vector<std::string>& stop = {}) {
        asked.push_back(std::make_unique<Asked>());
        Asked& one = *asked.back();
        one.request.conversation.messages = {{"user", text}};
        one.request.conversation.prefill = prefill;
        one.request.max_tokens = max_tokens;
        one.request.stop = stop;
        tasks.spawn("ask", serve(one));
        clock.settle();
        return one;
    }
    Worker::Parts parts(const std::string& program, const std::string& name = "") {
        return {name,
                std::make_unique<LlamaCli>(io.get_executor(), clock, Command{program, {}, {}}, 512),
                ModelFiles{},
                RestartPolicy(250ms, 60s, [] { return 1.0; }),
                {120s, 20s, 2s, 10s, 1s, pool.config().recycle},
                [] { return 0.0; }};
    }
    FakeProcess& process(std::size_t index) { return *spawner.processes.at(index); }
    WorkerState state(std::size_t worker) const { return pool.workers().at(worker).state; }

    asio::io_context io{1};
    ManualClock clock{io};
    FakeSpawner spawner{io, clock};
    std::function<void(const Worker&)> observer;
    Pool pool;
    std::vector<std::unique_ptr<Asked>> asked;
    TaskGroup tasks{io.get_executor(), clock, [](const std::string& task, const std::string& what) {
                        FAIL(task << ": " << what);
                    }};

  private:
    static Pool::Settings settings(unsigned workers, QueueConfig queue, RecycleConfig recycle,
                                   unsigned max_tokens) {
        Pool::Settings settings{{}, queue, {}, {}};
        settings.pool.workers = workers;
        settings.pool.max_tokens = max_tokens;
        settings.pool.recycle = recycle;
        return settings;
    }
    awaitable<void> serve(Asked& one) {
        try {
            const AnswerEnd end =
                co_await answer(pool, clock, one.request, one.origin, one.cancellation, one.sink);
            one.end = end;
        } catch (const ApiError& error) {
            one.error = error;
        }
    }
};

}  // namespace corral::test
