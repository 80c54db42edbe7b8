#include "cli/doctor_trial.hpp"

#include "ipc/process_spawner.hpp"
#include "supervisor/answering.hpp"
#include "supervisor/fatal.hpp"
#include "supervisor/pool_builder.hpp"

namespace corral {
namespace {

struct NoSink final : AnswerSink {
    awaitable<bool> write(const std::string&) override { co_return true; }
};

awaitable<AnswerEnd> ask(Pool& pool, Clock& clock, milliseconds limit, unsigned max_tokens) {
    ChatRequest request;
    request.conversation.messages = {{"user", "Count to 20."}};
    request.max_tokens = max_tokens;
    const Origin origin{"doctor", "", Priority::normal};
    Cancellation cancellation;
    cancellation.cancel_at(clock, clock.now() + limit);
    NoSink sink;
    const AnswerEnd end = co_await answer(pool, clock, request, origin, cancellation, sink);
    co_return end;
}

// Of the same question asked twice, the first time cut after a token.
void check_contract(const std::string& name, const Worker::Snapshot& before,
                    const Worker::Snapshot& after, const Usage& first, const Usage& second,
                    DoctorReport& report) {
    if (!first.prompt_tokens || !second.prompt_tokens)
        return report.warn(name + ": this llama-cli logs no token counts; usage will be unknown");
    if (after.pid != before.pid)
        return report.warn(name + ": an answer that is cut ends this llama-cli (" +
                           after.last_exit + "), and each costs a load of the model");
    if (first.prompt_tokens != second.prompt_tokens)
        return report.bad(name + ": the same question took " +
                          std::to_string(*first.prompt_tokens) + " tokens and then " +
                          std::to_string(*second.prompt_tokens) +
                          ": this llama-cli mixes conversations; use another version");
    report.ok(name +
              ": its llama-cli keeps the pipe contract: token counts, an answer that is "
              "cut, a fresh conversation after it");
}

awaitable<void> try_pool(Pool& pool, Clock& clock, milliseconds limit, DoctorReport& report) {
    pool.start();
    const std::string name = "pool " + pool.config().name;
    try {
        const AnswerEnd first = co_await ask(pool, clock, limit, 1);
        const Worker::Snapshot before = pool.workers().front();
        const AnswerEnd second = co_await ask(pool, clock, limit, 16);
        report.ok(name + ": a worker loaded and answered (" + std::to_string(first.waited.count()) +
                  " ms to load, " + std::to_string(second.generated.count()) + " ms to answer)");
        check_contract(name, before, pool.workers().front(), first.finish.usage,
                       second.finish.usage, report);
    } catch (const ApiError& error) {
        const std::string last = pool.workers().front().last_exit;
        report.bad(name + ": no answer: " + (last.empty() ? error.what() : last));
    }
    co_await pool.stop();
}

}  // namespace

void try_pools(const Config& config, const ConfinementSupport& support, DoctorReport& report) {
    Config trial = config;
    for (PoolConfig& pool : trial.pools) pool.workers = 1;
    trial.queue.timeout = config.timeouts.start;
    for (std::size_t i = 0; i < trial.pools.size(); ++i) {
        asio::io_context io{1};
        SystemClock clock(io.get_executor());
        ProcessSpawner spawner(io.get_executor());
        try {
            const RuntimeFolder folder;
            const auto pool = build_pool(plan_pool(trial, i, folder, support),
                                         {io.get_executor(), clock, spawner, [](const Worker&) {}});
            TaskGroup tasks(io.get_executor(), clock, fatal_task_error);
            tasks.spawn("trial", try_pool(*pool, clock, config.timeouts.start, report));
            io.run();
        } catch (const std::runtime_error& error) {
            report.bad(error.what());
        }
    }
}

}  // namespace corral
