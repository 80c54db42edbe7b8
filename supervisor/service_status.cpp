#include "supervisor/service_status.hpp"

#include <algorithm>

#include "supervisor/answering.hpp"
#include "supervisor/fatal.hpp"
#include "supervisor/log.hpp"
#include "supervisor/status_text.hpp"

namespace corral {
namespace {

constexpr auto text_interval = std::chrono::seconds(1);
constexpr auto extension_interval = std::chrono::seconds(5);
constexpr auto extension = std::chrono::seconds(30);
constexpr auto ask_again_after = std::chrono::seconds(1);
// A short answer is not cut: the interruption could meet llama-cli at its prompt, where it exits.
constexpr auto answer_patience = std::chrono::seconds(2);
// A pool that lost its workers more often than this is not loading a big model.
constexpr std::uint64_t restarts_excused = 2;

long long microseconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

}  // namespace

// The first of an answer is all that counts.
class ServiceStatus::FirstToken final : public AnswerSink {
  public:
    FirstToken(ServiceStatus& status, Proof& proof) : status_(status), proof_(proof) {}
    awaitable<bool> write(const std::string&) override {
        if (!proof_.given)
            proof_.asked->cancel_at(status_.clock_, status_.clock_.now() + answer_patience);
        proof_.given = true;
        status_.wake_.notify();
        co_return true;
    }

  private:
    ServiceStatus& status_;
    Proof& proof_;
};

ServiceStatus::ServiceStatus(asio::any_io_executor executor, Clock& clock, PoolList pools,
                             Manager manager)
    : clock_(clock),
      pools_(std::move(pools)),
      manager_(std::move(manager)),
      next_text_(clock.now()),
      next_sign_(manager_.watchdog ? clock.now() : never),
      next_extension_(clock.now()),
      wake_(executor, clock),
      tasks_(executor, clock, fatal_task_error) {}

awaitable<void> ServiceStatus::run() {
    if (!manager_.notify) co_return;
    while (phase_ != Phase::finished) {
        const TimePoint next = speak();
        co_await wake_.wait(next);
    }
    co_await tasks_.join();
}

void ServiceStatus::note_change() {
    changed_ = true;
    wake_.notify();
}

void ServiceStatus::stopping(milliseconds at_most) {
    phase_ = Phase::stopping;
    for (auto& [pool, proof] : proofs_)
        if (proof.asked) proof.asked->cancel(CancelReason::shutdown);
    tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(microseconds(at_most + extension)));
    note_change();
}

void ServiceStatus::finish() {
    phase_ = Phase::finished;
    wake_.notify();
}

// Says what is due, and returns when the next thing will be.
TimePoint ServiceStatus::speak() {
    const TimePoint now = clock_.now();
    if (now >= next_sign_) {
        tell("WATCHDOG=1");
        next_sign_ = now + *manager_.watchdog / 2;
    }
    if (phase_ == Phase::starting) ask_pools();
    const bool extends = loading();
    if (extends && now >= next_extension_) {
        tell("EXTEND_TIMEOUT_USEC=" + std::to_string(microseconds(extension)));
        next_extension_ = now + extension_interval;
    }
    if (changed_ && now >= next_text_) {
        tell_text();
        next_text_ = now + text_interval;
    }
    TimePoint next = next_sign_;
    if (phase_ == Phase::starting) next = std::min(next, now + ask_again_after);
    if (extends) next = std::min(next, next_extension_);
    if (changed_) next = std::min(next, next_text_);
    return next;
}

void ServiceStatus::tell_text() {
    const std::string current = text();
    if (current != last_text_) tell("STATUS=" + current);
    last_text_ = current;
    // A queue changes without any worker doing so: not while one is idle.
    changed_ = std::ranges::any_of(pools_(), [](const Pool* pool) {
        return pool->queue().length > 0 ||
               std::ranges::any_of(pool->workers(), [](const Worker::Snapshot& worker) {
                   return worker.state == WorkerState::busy;
               });
    });
}

// Asks each pool that has not answered; READY when all have. Asked before the models are loaded and
// with high priority: clients who came through an activated socket meanwhile wait a token longer,
// instead of keeping the unit from being told as started.
void ServiceStatus::ask_pools() {
    bool all = true;
    for (Pool* const pool : pools_()) {
        Proof& proof = proofs_[pool];
        all = all && proof.given;
        if (proof.given || proof.asked || clock_.now() < proof.ask_again_at) continue;
        proof.asked = std::make_unique<Cancellation>();
        tasks_.spawn("warm-up of " + pool->config().name, warm_up(*pool, proof));
    }
    if (!all) return;
    phase_ = Phase::ready;
    last_text_ = text();
    tell("READY=1\nSTATUS=" + last_text_);
    spdlog::info("every pool has answered: ready");
}

awaitable<void> ServiceStatus::warm_up(Pool& pool, Proof& proof) {
    ChatRequest request;
    request.conversation.messages = {{"user", "Hi"}};
    const Origin origin{"corral itself", "", Priority::high};
    FirstToken sink(*this, proof);
    try {
        co_await answer(pool, clock_, request, origin, *proof.asked, sink);
        proof.given = true;
    } catch (const ApiError& error) {
        if (!proof.given && phase_ == Phase::starting && pool.loaded())
            log::warn(log::pool(pool.config().name), "no first token yet: {}", error.what());
    }
    proof.asked.reset();
    proof.ask_again_at = clock_.now() + ask_again_after;
    wake_.notify();
}

// Whether the start takes long because models are big, not because workers die.
bool ServiceStatus::loading() const {
    if (phase_ != Phase::starting) return false;
    return std::ranges::all_of(pools_(), [&](const Pool* pool) {
        const auto proof = proofs_.find(pool);
        if (proof != proofs_.end() && proof->second.given) return true;
        return std::ranges::any_of(pool->workers(), [](const Worker::Snapshot& worker) {
            return worker.restarts <= restarts_excused;
        });
    });
}

std::string ServiceStatus::text() const {
    std::vector<Worker::Snapshot> workers;
    std::size_t queued = 0;
    for (const Pool* const pool : pools_()) {
        std::ranges::move(pool->workers(), std::back_inserter(workers));
        std::size_t length = pool->queue().length;
        const auto proof = proofs_.find(pool);
        const bool ours = proof != proofs_.end() && proof->second.asked && !proof->second.given;
        queued += ours && length > 0 ? length - 1 : length;
    }
    const std::string text = status_text(workers, queued);
    if (phase_ == Phase::starting) return "Loading: " + text;
    return phase_ == Phase::stopping ? "Stopping: " + text : text;
}

void ServiceStatus::tell(const std::string& assignments) {
    if (manager_.notify) manager_.notify(assignments);
}

// A daemon that is not ready yet must not become so by being reloaded.
ServiceStatus::Reloading::Reloading(ServiceStatus& status) : status_(status) {
    if (status_.phase_ != Phase::ready) return;
    const auto now = status_.clock_.now().time_since_epoch();
    status_.tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds(now)));
}

ServiceStatus::Reloading::~Reloading() {
    if (status_.phase_ == Phase::ready) status_.tell("READY=1");
    status_.note_change();
}

}  // namespace corral
