#include "supervisor/fair_queue.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <vector>

using namespace corral;

namespace {

struct World {
    explicit World(std::size_t limit = 1000) : queue(limit) {}
    void push(const std::string& client, const std::string& user = "",
              Priority priority = Priority::normal, bool front = false) {
        tickets.emplace_back();
        tickets.back().origin = {client, user, priority};
        tickets.back().front = front;
        queue.push(tickets.back());
    }
    std::string next() {
        const Origin& origin = queue.take_next().origin;
        return origin.client + origin.user;
    }
    FairQueue queue;
    std::deque<FairQueue::Ticket> tickets;
};

}  // namespace

TEST_CASE("one client's hundred requests delay another's single one by none") {
    World world;
    for (int i = 0; i < 100; ++i) world.push("greedy");
    for (int i = 0; i < 3; ++i) CHECK(world.next() == "greedy");
    world.push("modest");
    CHECK(world.next() == "modest");
    CHECK(world.next() == "greedy");
}

TEST_CASE("clients that always wait take turns, whatever they hold") {
    World world;
    for (int i = 0; i < 100; ++i) world.push("a");
    for (int i = 0; i < 10; ++i) world.push("b");
    for (int i = 0; i < 10; ++i) world.push("c");
    for (int i = 0; i < 10; ++i) {
        CHECK(world.next() == "a");
        CHECK(world.next() == "b");
        CHECK(world.next() == "c");
    }
}

TEST_CASE("within a client its users take turns, and do not gain on other clients") {
    World world;
    for (int i = 0; i < 3; ++i) world.push("a", "1");
    for (int i = 0; i < 3; ++i) world.push("a", "2");
    for (int i = 0; i < 3; ++i) world.push("b", "1");
    std::string turns;
    while (!world.queue.empty()) turns += world.next() + " ";
    CHECK(turns == "a1 b1 a2 b1 a1 b1 a2 a1 a2 ");
}

TEST_CASE("who lost a worker goes first, then the higher priority") {
    World world;
    world.push("low");
    world.push("high", "", Priority::high);
    world.push("lost", "", Priority::normal, true);
    CHECK(world.next() == "lost");
    CHECK(world.next() == "high");
    CHECK(world.next() == "low");
}

TEST_CASE("a turn taken without waiting counts") {
    World world;
    world.queue.note_turn({"a", "", Priority::normal});
    world.push("a");
    world.push("b");
    CHECK(world.next() == "b");
}

TEST_CASE("beyond its limit the queue has places for those with less than their share") {
    World world(4);
    const Origin greedy{"greedy", "", Priority::normal};
    const Origin modest{"modest", "", Priority::normal};
    for (int i = 0; i < 4; ++i) {
        CHECK(world.queue.has_place(greedy));
        world.push("greedy");
    }
    CHECK_FALSE(world.queue.has_place(greedy));
    CHECK(world.queue.has_place(modest));
    world.push("modest");
    world.push("modest");
    CHECK_FALSE(world.queue.has_place(modest));
    for (const char* more : {"c", "d", "e", "f", "g"})
        if (world.queue.has_place({more, "", Priority::normal})) world.push(more);
    CHECK(world.queue.size() <= 8);
    CHECK_FALSE(World(0).queue.has_place(greedy));
}

TEST_CASE("turns of clients that are long gone are forgotten") {
    World world;
    for (int i = 0; i < 100'000; ++i)
        world.queue.note_turn({std::to_string(i), "user", Priority::normal});
    world.push("99999");
    world.push("0");
    CHECK(world.next() == "0");
}
