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

bool Quarantine::note_death(const std::optional<Digest>& conversation, Death death, TimePoint now) {
    deaths_.push_back({conversation, death, now});
    if (deaths_.size() > deaths_max) deaths_.pop_front();
    if (!conversation || death == Death::other) return false;
    unsigned crashes = 0;
    unsigned kills = 0;
    unsigned others = 0;
    unsigned idle = 0;
    std::set<Digest> other_conversations;
    for (const Record& record : deaths_) {
        if (record.conversation != conversation) {
            // What a blamed one did is explained.
            const bool explained =
                record.conversation && refused_until_.contains(*record.conversation);
            if (explained || now - record.at > lately) continue;
            ++others;
            idle += !record.conversation;
            if (record.conversation) other_conversations.insert(*record.conversation);
        } else if (now - record.at <= ttl_) {
            crashes += record.death == Death::crashed;
            kills += record.death == Death::killed;
        }
    }
    // One other conversation is no excuse for crashes: two that crash workers would excuse each
    // other. Several are, or idle workers: then it is the machine, the model or a person.
    const bool several_hit = other_conversations.size() + idle >= 2;
    const bool crashes_tell = crashes >= deaths_to_blame && !several_hit;
    const bool kills_tell = crashes + kills >= deaths_to_blame + others;
    if (!crashes_tell && !kills_tell) return false;
    if (refused_until_.size() >= refused_max) refused_until_.erase(refused_until_.begin());
    refused_until_[*conversation] = now + ttl_;
    return true;
}

void Quarantine::note_answer(const Digest& conversation) {
    for (Record& record : deaths_)
        if (record.conversation == conversation) record.conversation.reset();
}

bool Quarantine::refuses(const Digest& conversation, TimePoint now) {
    const auto found = refused_until_.find(conversation);
    if (found == refused_until_.end()) return false;
    if (now < found->second) return true;
    refused_until_.erase(found);
    return false;
}

}  // namespace corral
