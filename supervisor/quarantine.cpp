#include "supervisor/quarantine.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <set>

namespace corral {
namespace {

constexpr unsigned deaths_to_blame = 2;
constexpr auto lately = std::chrono::seconds(60);
// Deaths come no faster than workers start, so these are never reached by honest trouble.
constexpr std::size_t deaths_max = 512;
constexpr std::size_t refused_max = 4096;

}  // namespace

Quarantine::Digest Quarantine::digest(const Conversation& conversation) {
    const boost::uuids::name_generator_sha1 generator(boost::uuids::uuid{});
    return generator(encode_chat_line(conversation));
}

void Quarantine::remember(const Record& record) {
    deaths_.push_back(record);
    if (deaths_.size() > deaths_max) deaths_.pop_front();
}

bool Quarantine::note_death(const Digest& conversation, Death death, Losses& losses,
                            TimePoint now) {
    remember({conversation, now});
    losses.crashes += death == Death::crashed;
    losses.kills += death == Death::killed;
    if (death == Death::other) return false;
    unsigned others = 0;
    unsigned idle = 0;
    std::set<Digest> other_conversations;
    for (const Record& record : deaths_) {
        // What a blamed one did is explained.
        const bool explained = record.conversation && refused_until_.contains(*record.conversation);
        if (explained || record.conversation == conversation || now - record.at > lately) continue;
        ++others;
        idle += !record.conversation;
        if (record.conversation) other_conversations.insert(*record.conversation);
    }
    // One other conversation is no excuse for crashes: two that crash workers would excuse each
    // other. Several are, or idle workers: then it is the machine, the model or a person.
    const bool several_hit = other_conversations.size() + idle >= 2;
    const bool crashes_tell = losses.crashes >= deaths_to_blame && !several_hit;
    const bool kills_tell = losses.crashes + losses.kills >= deaths_to_blame + others;
    if (!crashes_tell && !kills_tell) return false;
    if (refused_until_.size() >= refused_max) refused_until_.erase(refused_until_.begin());
    refused_until_[conversation] = now + ttl_;
    return true;
}

bool Quarantine::refuses(const Digest& conversation, TimePoint now) {
    const auto found = refused_until_.find(conversation);
    if (found == refused_until_.end()) return false;
    if (now < found->second) return true;
    refused_until_.erase(found);
    return false;
}

}  // namespace corral
