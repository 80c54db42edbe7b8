// Finds the conversation that kills workers, and keeps it from them. Pure policy, one object per
// pool, told of every death that was no decision of ours. It blames a request in whose hands two
// workers crashed of their own, unless others were hit lately too: two other conversations or
// idle workers. A SIGKILL tells less: with those it must have lost two workers more than everything
// else did. What hits several comes from the machine, the model or a person, and is nobody's fault.
#pragma once

#include <boost/uuid/uuid.hpp>
#include <deque>
#include <map>
#include <optional>

#include "async/clock.hpp"
#include "ipc/chat_line.hpp"
#include "supervisor/death.hpp"

namespace corral {

class Quarantine {
  public:
    // 122 bits of SHA-1 over all messages: no text is kept.
    using Digest = boost::uuids::uuid;
    static Digest digest(const Conversation& conversation);

    // A blamed conversation is refused for `ttl`.
    explicit Quarantine(std::chrono::milliseconds ttl) : ttl_(ttl) {}
    void set_ttl(std::chrono::milliseconds ttl) { ttl_ = ttl; }

    // What one request has lost so far.
    struct Losses {
        unsigned crashes = 0;
        unsigned kills = 0;
    };
    // A worker died in the hands of a request of `conversation`, which had `losses` before and has
    // them counted up. True if the conversation is to blame: it is refused from now on.
    bool note_death(const Digest& conversation, Death death, Losses& losses, TimePoint now);
    // A worker died in nobody's hands.
    void note_idle_death(TimePoint now) { remember({std::nullopt, now}); }
    bool refuses(const Digest& conversation, TimePoint now);

  private:
    struct Record {
        std::optional<Digest> conversation;
        TimePoint at;
    };

    void remember(const Record& record);

    std::chrono::milliseconds ttl_;
    std::deque<Record> deaths_;
    std::map<Digest, TimePoint> refused_until_;
};

}  // namespace corral
