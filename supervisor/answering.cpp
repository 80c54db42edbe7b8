#include "supervisor/answering.hpp"

#include "supervisor/answer_errors.hpp"
#include "supervisor/answer_limit.hpp"
#include "supervisor/continuation.hpp"
#include "supervisor/log.hpp"
#include "supervisor/request_meter.hpp"

namespace corral {
namespace {

// A worker was lost on the way, and how. `death` is absent if it lives and only its answer is
// unusable.
struct Lost {
    std::optional<Death> death;
    std::string how;
};
// The worker contradicts what was received: the same once more, from the exact text.
struct Contradiction {};
using Ending = std::variant<Finish, Failure, Lost, Contradiction>;

milliseconds since(Clock& clock, TimePoint start) {
    return std::chrono::duration_cast<milliseconds>(clock.now() - start);
}

// The answer to one request, whichever workers give it.
class Answering {
  public:
    Answering(Pool& pool, RequestMeter& meter, const ChatRequest& request,
              Cancellation& cancellation, AnswerSink& sink)
        : pool_(pool),
          meter_(meter),
          request_(request),
          cancellation_(cancellation),
          sink_(sink),
          limit_(max_tokens_watched(), request.stop) {}

    // One worker's part. The lease is given back on return, whatever became of the answer.
    awaitable<Ending> attempt(Lease lease);
    // After a lost worker: the end, if the answer needs nothing more.
    std::optional<Finish> nothing_left();

    unsigned resumed() const { return text_.resumed(); }
    bool begun() const { return !text_.received().empty(); }

  private:
    unsigned max_tokens() const {
        return std::min(request_.max_tokens.value_or(pool_.config().max_tokens),
                        pool_.config().max_tokens);
    }
    // llama-cli's own -n ends an answer at the pool's limit, and a regular end costs no
    // interruption. So only one that goes beyond is cut.
    unsigned max_tokens_watched() const {
        return max_tokens() + (max_tokens() == pool_.config().max_tokens);
    }
    Finish finished(Finish finish);
    Finish cut(const Lease& lease);
    awaitable<Ending> lost(Lease& lease, Failure failure);
    awaitable<bool> deliver(std::string text);
    void note_usage(const Usage& usage);

    Pool& pool_;
    RequestMeter& meter_;
    const ChatRequest& request_;
    Cancellation& cancellation_;
    AnswerSink& sink_;
    Continuation text_;
    AnswerLimit limit_;
    bool prefilled_ = false;  // by us, in the present attempt
    unsigned pieces_ = 0;     // tokens of the present attempt, repeated ones too
    Usage prompt_;            // from a worker that had the client's own prompt
};

awaitable<Ending> Answering::attempt(Lease lease) {
    const std::stop_token stop = cancellation_.token();
    Conversation conversation = request_.conversation;
    const std::string prefill = text_.next_prefill();
    if (const std::string reason = unencodable(prefill); !reason.empty())
        co_return Failure{Failure::Kind::lost, "what was received cannot be continued: " + reason};
    conversation.prefill += prefill;
    prefilled_ = !prefill.empty();
    pieces_ = 0;
    lease.begin(conversation);
    while (true) {
        AnswerEvent event = co_await lease.next_event(stop);
        if (auto* failure = std::get_if<Failure>(&event)) {
            if (failure->kind == Failure::Kind::context_overflow && prefilled_)
                co_return Finish{Finish::Reason::length, cut(lease).usage};
            awaitable<Ending> losing = lost(lease, std::move(*failure));
            const Ending ending = co_await std::move(losing);
            co_return ending;
        }
        if (auto* finish = std::get_if<Finish>(&event)) {
            if (!text_.complete()) co_return Contradiction{};
            const std::string rest = limit_.flush();
            const bool written = co_await deliver(rest);
            if (!written) co_return Failure{Failure::Kind::stopped, ""};
            co_return finished(*finish);
        }
        if (std::get<Piece>(event).begins_token) {
            ++pieces_;
            meter_.token();
        }
        const std::optional<Piece> piece = text_.feed(std::get<Piece>(std::move(event)));
        if (!piece) co_return Contradiction{};
        const std::string text = limit_.feed(*piece);
        const bool written = co_await deliver(text);
        if (!written) co_return Failure{Failure::Kind::stopped, ""};
        if (limit_.cut() != AnswerLimit::Cut::none) co_return cut(lease);
    }
}

awaitable<bool> Answering::deliver(std::string text) {
    if (text.empty()) co_return true;
    const bool written = co_await sink_.write(text);
    if (!written) cancellation_.cancel(CancelReason::client_gone);
    co_return written;
}

awaitable<Ending> Answering::lost(Lease& lease, Failure failure) {
    Lost loss{std::nullopt, failure.message};
    switch (failure.kind) {
        case Failure::Kind::context_overflow:
        case Failure::Kind::refused:
        case Failure::Kind::stopped:
            co_return failure;
        case Failure::Kind::cut:
            break;
        case Failure::Kind::lost:
        case Failure::Kind::broken:
            loss.death = co_await lease.death();
            break;
    }
    note_usage(lease.usage());
    co_return loss;
}

void Answering::note_usage(const Usage& usage) {
    meter_.usage(usage);
    if (!prefilled_) prompt_ = usage;
}

// The usage of a whole answer. What was repeated for a new worker is not counted; what the last one
// counted beyond its pieces (the end of its turn) is.
Finish Answering::finished(Finish finish) {
    note_usage(finish.usage);
    const unsigned engine = finish.usage.completion_tokens.value_or(pieces_);
    const unsigned beyond = engine > pieces_ ? engine - pieces_ : 0;
    finish.usage = prompt_;
    finish.usage.completion_tokens = resumed() == 0 ? engine : limit_.tokens() + beyond;
    return finish;
}

Finish Answering::cut(const Lease& lease) {
    note_usage(lease.usage());
    const auto reason =
        limit_.cut() == AnswerLimit::Cut::stop ? Finish::Reason::stop : Finish::Reason::length;
    Usage usage = prompt_;
    usage.completion_tokens = limit_.tokens();
    return {reason, usage};
}

std::optional<Finish> Answering::nothing_left() {
    // The next worker's own -n knows nothing of the tokens there are.
    limit_.set_max_tokens(max_tokens());
    if (limit_.tokens() < max_tokens()) return std::nullopt;
    Usage usage = prompt_;
    usage.completion_tokens = limit_.tokens();
    return Finish{Finish::Reason::length, usage};
}

awaitable<AnswerEnd> answer_metered(Pool& pool, Clock& clock, RequestMeter& meter,
                                    const ChatRequest& request, const Origin& origin,
                                    Cancellation& cancellation, AnswerSink& sink) {
    const TimePoint arrived = clock.now();
    const Quarantine::Digest digest = Quarantine::digest(request.conversation);
    const milliseconds ttl = pool.failover().quarantine;
    if (pool.quarantine().refuses(digest, arrived)) throw answer_errors::quarantined(ttl);
    const std::stop_token stop = cancellation.token();
    Answering answering(pool, meter, request, cancellation, sink);
    auto place = Pool::Place::back;
    milliseconds generated{0};
    Quarantine::Losses losses;
    unsigned workers_lost = 0;
    while (true) {
        meter.queued();
        Pool::Acquired acquired = co_await pool.acquire(place, origin, stop);
        if (auto* refusal = std::get_if<Pool::Refusal>(&acquired))
            throw answer_errors::refused(*refusal, pool, cancellation);
        const TimePoint granted = clock.now();
        const std::string worker = std::get<Lease>(acquired).worker().name();
        meter.granted(std::get<Lease>(acquired).worker());
        awaitable<Ending> attempting = answering.attempt(std::get<Lease>(std::move(acquired)));
        const Ending ending = co_await std::move(attempting);
        meter.released();
        generated += since(clock, granted);
        place = Pool::Place::front;
        std::optional<Finish> finish;
        if (const auto* failure = std::get_if<Failure>(&ending))
            throw answer_errors::failed(*failure, cancellation);
        if (const auto* regular = std::get_if<Finish>(&ending)) finish = *regular;
        if (const auto* lost = std::get_if<Lost>(&ending)) {
            log::info(log::worker(worker), "lost with a request ({}); another goes on with it",
                      lost->how);
            if (lost->death &&
                pool.quarantine().note_death(digest, *lost->death, losses, clock.now())) {
                ++pool.counters().quarantined;
                throw answer_errors::quarantined(ttl);
            }
            if (++workers_lost == pool.failover().attempts)
                throw answer_errors::workers_lost(workers_lost, lost->how);
            ++(answering.begun() ? pool.counters().resumed : pool.counters().retried);
            finish = answering.nothing_left();
        }
        if (!finish) continue;
        pool.note_service(generated);
        co_return AnswerEnd{*finish, since(clock, arrived) - generated, generated,
                            answering.resumed()};
    }
}

}  // namespace

awaitable<AnswerEnd> answer(Pool& pool, Clock& clock, const ChatRequest& request,
                            const Origin& origin, Cancellation& cancellation, AnswerSink& sink) {
    const Pool::Visit visit(pool);
    RequestMeter meter(pool.metrics());
    try {
        awaitable<AnswerEnd> answering =
            answer_metered(pool, clock, meter, request, origin, cancellation, sink);
        const AnswerEnd end = co_await std::move(answering);
        meter.end(end.finish.reason == Finish::Reason::stop ? Outcome::stop : Outcome::length);
        co_return end;
    } catch (const ApiError& error) {
        meter.end(outcome_of(error, meter.had_worker()));
        throw;
    }
}

}  // namespace corral
