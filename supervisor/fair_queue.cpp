#include "supervisor/fair_queue.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace corral {
namespace {

// Whoever had no turn for so many turns of others counts as new.
constexpr std::uint64_t turns_remembered = 1000;

// No client can be named like a user of another: the names of clients hold no newline.
std::string user_key(const Origin& origin) {
    return origin.client + "\n" + origin.user;
}

}  // namespace

bool FairQueue::has_place(const Origin& origin) const {
    if (waiting_.size() < limit_) return true;
    if (waiting_.size() >= 2 * limit_) return false;
    std::set<std::string_view> clients{origin.client};
    std::size_t own = 0;
    for (const Ticket* ticket : waiting_) {
        clients.insert(ticket->origin.client);
        own += ticket->origin.client == origin.client;
    }
    return own < limit_ / clients.size();
}

void FairQueue::push(Ticket& ticket) {
    ticket.number = pushed_++;
    waiting_.push_back(&ticket);
}

FairQueue::Ticket& FairQueue::take_next() {
    const auto rank = [this](const Ticket* ticket) {
        const Origin& origin = ticket->origin;
        return std::tuple(!ticket->front, origin.priority != Priority::high,
                          ticket->front ? 0 : last_turn(origin.client),
                          ticket->front ? 0 : last_turn(user_key(origin)), ticket->number);
    };
    const auto next = std::ranges::min_element(waiting_, {}, rank);
    Ticket& ticket = **next;
    waiting_.erase(next);
    note_turn(ticket.origin);
    return ticket;
}

void FairQueue::note_turn(const Origin& origin) {
    ++turns_;
    last_turns_[origin.client] = last_turns_[user_key(origin)] = turns_;
    if (last_turns_.size() > 4 * turns_remembered)
        std::erase_if(last_turns_, [this](const auto& entry) {
            return entry.second + turns_remembered < turns_;
        });
}

std::uint64_t FairQueue::last_turn(const std::string& who) const {
    const auto found = last_turns_.find(who);
    return found == last_turns_.end() ? 0 : found->second;
}

}  // namespace corral
