#include "supervisor/outcome.hpp"

#include "supervisor/chat_request.hpp"

namespace corral {
namespace {

constexpr std::string_view outcome_names[] = {"stop",
                                              "length",
                                              "cancelled_queued",
                                              "cancelled_running",
                                              "deadline_queued",
                                              "deadline_running",
                                              "queue_full",
                                              "queue_timeout",
                                              "context_overflow",
                                              "engine_error",
                                              "worker_lost",
                                              "quarantined",
                                              "shutting_down",
                                              "other"};
static_assert(std::size(outcome_names) == outcomes);

constexpr std::string_view refused_names[] = {"invalid", "unknown_model", "unauthorized",
                                              "forbidden", "shutting_down"};
static_assert(std::size(refused_names) == refusals);

constexpr std::string_view cause_names[] = {
    "crashed",   "killed",       "exited",      "hung",     "unhealthy",   "protocol",
    "not_ready", "start_failed", "interrupted", "recycled", "reconfigured"};
static_assert(std::size(cause_names) == restart_causes);

// By the code that the client is told.
struct Ending {
    std::string_view code;
    Outcome queued;
    Outcome running;
};
constexpr Ending endings[] = {
    {"client_gone", Outcome::cancelled_queued, Outcome::cancelled_running},
    {"deadline_exceeded", Outcome::deadline_queued, Outcome::deadline_running},
    {"queue_full", Outcome::queue_full, Outcome::queue_full},
    {"queue_timeout", Outcome::queue_timeout, Outcome::queue_timeout},
    {"context_length_exceeded", Outcome::context_overflow, Outcome::context_overflow},
    {"engine_error", Outcome::engine_error, Outcome::engine_error},
    {"worker_lost", Outcome::worker_lost, Outcome::worker_lost},
    {"conversation_quarantined", Outcome::quarantined, Outcome::quarantined},
    {"shutting_down", Outcome::shutting_down, Outcome::shutting_down},
};

}  // namespace

std::string_view to_string(Outcome outcome) {
    return outcome_names[static_cast<std::size_t>(outcome)];
}

std::string_view to_string(Refused reason) {
    return refused_names[static_cast<std::size_t>(reason)];
}

std::string_view to_string(RestartCause cause) {
    return cause_names[static_cast<std::size_t>(cause)];
}

Outcome outcome_of(const ApiError& error, bool running) {
    for (const Ending& ending : endings)
        if (ending.code == error.code) return running ? ending.running : ending.queued;
    return Outcome::other;
}

Refused refused_as(const ApiError& error) {
    switch (error.status) {
        case 401:
            return Refused::unauthorized;
        case 403:
            return Refused::forbidden;
        case 404:
            return Refused::unknown_model;
        case 503:
            return Refused::shutting_down;
        default:
            return Refused::invalid;
    }
}

}  // namespace corral
