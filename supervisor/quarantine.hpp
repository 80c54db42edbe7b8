// Finds the conversation that kills workers, and keeps it from them. Pure policy, one object per
// pool, told of every death that was no decision of ours. It blames a conversation in whose hands
// two workers crashed of their own, unless others were hit lately too: two other conversations or
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

    // A blamed conversation is refused for `ttl`; its own deaths are remembered as long.
    explicit Quarantine(std::chrono::milliseconds ttl) : ttl_(ttl) {}
    void set_ttl(std::chrono::milliseconds ttl) { ttl_ = ttl; }

    // A worker died in the hands of `conversation`, or idle if there is none. True if the
    // conversation is to blame: it is refused from now on.
    bool note_death(const std::optional<Digest>& conversation, Death death, TimePoint now);
    // It was answered after all: what died in its hands was not its fault.
    void note_answer(const Digest& conversation);
    bool refuses(const Digest& conversation, TimePoint now);

  private:
    struct Record {
        std::optional<Digest> conversation;
        Death death;
        TimePoint at;
    };

    std::chrono::milliseconds ttl_;
    std::deque<Record> deaths_;
    std::map<Digest, TimePoint> refused_until_;
};

}  // namespace corral
