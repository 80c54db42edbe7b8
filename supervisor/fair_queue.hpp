// Those who wait for a worker of a pool, and whose turn is next. Pure data structure: it owns
// nobody, the tickets belong to the waiting requests.
//
// Who lost a worker goes first; then the higher priority; then the client whose last turn is the
// longest ago, and among its requests the user whose last turn is; then whoever came first. So a
// client with a hundred requests delays another's single one by none of them.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>

namespace corral {

enum class Priority { normal, high };

// Who asks. `client` is who was let in (a uid, an API key, an address), `user` is what the client
// calls those it asks for.
struct Origin {
    std::string client;
    std::string user;
    Priority priority = Priority::normal;
};

class FairQueue {
  public:
    struct Ticket {
        Origin origin;
        bool front = false;  // it had been served, and lost its worker
        std::uint64_t number = 0;
    };

    explicit FairQueue(std::size_t limit) : limit_(limit) {}
    void set_limit(std::size_t limit) { limit_ = limit; }

    // Whether one more of this client may wait. Beyond the limit a client that has less than its
    // share of the places still gets one, up to twice the limit.
    bool has_place(const Origin& origin) const;
    void push(Ticket& ticket);
    void remove(Ticket& ticket) { waiting_.remove(&ticket); }
    // Takes out the one whose turn it is; requires one to wait.
    Ticket& take_next();
    // Somebody had a turn without waiting for it.
    void note_turn(const Origin& origin);

    bool empty() const { return waiting_.empty(); }
    std::size_t size() const { return waiting_.size(); }
    std::size_t limit() const { return limit_; }

  private:
    std::uint64_t last_turn(const std::string& who) const;

    std::size_t limit_;
    std::list<Ticket*> waiting_;
    std::uint64_t pushed_ = 0;
    std::uint64_t turns_ = 0;
    std::map<std::string, std::uint64_t> last_turns_;  // of clients, and of users in clients
};

}  // namespace corral
