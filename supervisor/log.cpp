#include "supervisor/log.hpp"

namespace corral::log {
namespace {

const Subject* current = nullptr;

}  // namespace

Subject worker(const std::string& name) {
    return {.text = "worker " + name, .worker = name, .pool = name.substr(0, name.rfind('/'))};
}

Subject pool(const std::string& name) {
    return {.text = "pool " + name, .pool = name};
}

Subject request(const std::string& id, const std::string& pool) {
    return {.text = id + " " + pool, .pool = pool, .request = id};
}

const Subject* subject() {
    return current;
}

Scope::Scope(const Subject& subject) {
    current = &subject;
}

Scope::~Scope() {
    current = nullptr;
}

}  // namespace corral::log
