// Requests whose worker is lost: another one goes on with the answer, and nobody is blamed for what
// others do.
#include <csignal>

#include "tests/support/pool_world.hpp"

using namespace corral;
using namespace corral::test;

namespace {

// The process that got the request, after it has begun to answer and died.
void die_after(PoolWorld& world, const std::string& text, int signal = SIGTERM) {
    FakeProcess& child = world.spawner.last();
    child.begin_answer(text);
    world.clock.settle();
    child.die_of(signal);
    world.clock.advance(2s);
    world.all_ready();
}

}  // namespace

TEST_CASE("a request whose worker dies before its first word goes ahead of those that wait") {
    PoolWorld world(1);
    world.all_ready();
    Asked& unlucky = world.ask("a");
    Asked& waits = world.ask("b");
    world.process(0).die_of(SIGTERM);
    world.clock.settle();
    CHECK_FALSE(unlucky.done());
    world.all_ready();
    world.spawner.last().answer({"whole"});
    world.clock.settle();
    CHECK(unlucky.sink.text == "whole");
    CHECK(unlucky.end->resumed == 0);
    CHECK(world.pool.counters().retried == 1);
    CHECK_FALSE(waits.done());
}

TEST_CASE("another worker goes on from the last white space, and what it repeats is swallowed") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Count");
    die_after(world, "one two");
    CHECK_FALSE(asked.done());
    const std::string request = world.spawner.last().read_input();
    CHECK(request.find("\x1eprefill\x1fone\x1e") != std::string::npos);
    world.spawner.last().answer_to(request, {" tw", "o three", " four"});
    world.clock.settle();
    REQUIRE(asked.end);
    CHECK(asked.sink.text == "one two three four");
    CHECK(asked.end->resumed == 1);
    // "one two", the rest of "o three", " four" and the end of the turn
    CHECK(asked.end->finish.usage.completion_tokens == 4);
    CHECK(world.pool.counters().resumed == 1);
}

TEST_CASE("a worker that contradicts what was said is asked again from the exact text") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Count");
    die_after(world, "one two");
    world.spawner.last().begin_answer(" 2");
    world.clock.settle();
    world.spawner.last().finish(world.spawner.last().open_nonce, 2);
    world.clock.settle();
    world.spawner.last().pass_health_check();
    world.clock.settle();
    const std::string request = world.spawner.last().read_input();
    CHECK(request.find("\x1eprefill\x1fone two\x1e") != std::string::npos);
    world.spawner.last().answer_to(request, {" three"});
    world.clock.settle();
    CHECK(asked.sink.text == "one two three");
    CHECK(asked.end->resumed == 1);
}

TEST_CASE("the client's own beginning of the answer stays in front when another worker goes on") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Count", std::nullopt, "zero");
    die_after(world, " one two");
    const std::string request = world.spawner.last().read_input();
    CHECK(request.find("\x1eprefill\x1fzero one\x1e") != std::string::npos);
    world.spawner.last().answer_to(request, {" two", " three"});
    world.clock.settle();
    CHECK(asked.sink.text == " one two three");
}

TEST_CASE("max_tokens and stop strings hold across workers") {
    PoolWorld world(1);
    world.all_ready();
    SUBCASE("max_tokens") {
        Asked& asked = world.ask("Count", 3);
        die_after(world, "1");
        world.spawner.last().answer({"1", " 2", " 3", " 4"});
        world.clock.settle();
        CHECK(asked.sink.text == "1 2 3");
        CHECK(asked.end->finish.reason == Finish::Reason::length);
        CHECK(asked.end->finish.usage.completion_tokens == 3);
        CHECK(asked.end->finish.usage.prompt_tokens == 5);
        world.spawner.last().pass_health_check();
    }
    SUBCASE("a stop string whose front was held back") {
        Asked& asked = world.ask("Count", std::nullopt, "", {"STOP"});
        die_after(world, "go ST");
        CHECK(asked.sink.text == "go ");
        world.spawner.last().answer({" ST", "OP now"});
        world.clock.settle();
        CHECK(asked.sink.text == "go ");
        CHECK(asked.end->finish.reason == Finish::Reason::stop);
        world.spawner.last().pass_health_check();
    }
}

TEST_CASE("a worker that dies after the last token that may be leaves nothing to do") {
    PoolWorld world(1, {}, {}, 2);
    world.all_ready();
    Asked& asked = world.ask("Count");
    FakeProcess& child = world.process(0);
    child.begin_answer("1");
    child.write_output(" 2");
    world.clock.settle();
    child.die_of(SIGTERM);
    world.clock.settle();
    REQUIRE(asked.end);
    CHECK(asked.sink.text == "1 2");
    CHECK(asked.end->finish.reason == Finish::Reason::length);
}

TEST_CASE("half an answer that a stranger's SIGINT left is no answer; its worker is fine") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Count");
    FakeProcess& child = world.process(0);
    const std::string nonce = child.take_nonce();
    child.write_output("Chat history cleared.\n\n> ");
    child.write_output("1 2");
    child.write_error(
        "0 I slot launch_slot_: id  0 | task 3 | processing task\n"
        "0 I slot operator(): id  0 | task 3 | cached n_tokens = 2, memory\n"
        "0 W srv          stop: cancel task, id_task = 3\n"
        "0 I slot release: id  0 | task 3 | stop processing: n_tokens = 9, truncated = 0\n");
    child.write_output("\n\n> " + sentinel_echo(nonce));
    world.clock.settle();
    CHECK_FALSE(asked.done());
    child.answer({" 2", " 3"});
    world.clock.settle();
    CHECK(asked.sink.text == "1 2 3");
    CHECK(world.spawner.processes.size() == 1);
}

TEST_CASE("a worker that dies before its log tells of a whole answer keeps nobody waiting for it") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Count");
    FakeProcess& child = world.process(0);
    child.begin_answer("1 2");
    child.write_output("\n\n> " + sentinel_echo(child.open_nonce));
    world.clock.settle();
    CHECK_FALSE(asked.done());
    child.die_of(SIGKILL);
    world.clock.settle();
    REQUIRE(asked.end);
    CHECK(asked.sink.text == "1 2");
    CHECK(asked.end->resumed == 0);
}

TEST_CASE("an answer with fewer tokens than its log counts was cut while it was printed") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Count");
    FakeProcess& child = world.process(0);
    child.begin_answer("1 2");
    child.finish(child.open_nonce, 9);
    world.clock.settle();
    CHECK_FALSE(asked.done());
    child.answer({" 2", " 3"});
    world.clock.settle();
    CHECK(asked.sink.text == "1 2 3");
}

TEST_CASE("a model with tokens that are never printed is believed after a few answers") {
    PoolWorld world(1);
    world.all_ready();
    unsigned again = 0;
    for (int i = 0; i < 5; ++i) {
        Asked& asked = world.ask("Hi");
        while (!asked.done()) {
            world.process(0).begin_answer("1");
            world.process(0).finish(world.process(0).open_nonce, 9);
            world.clock.settle();
            again += !asked.done();
        }
        CHECK(asked.sink.text == "1");
    }
    CHECK(again == 3);
}

TEST_CASE("characters of several tokens do not look like a cut answer") {
    PoolWorld world(1);
    world.all_ready();
    Asked& asked = world.ask("Llama?");
    world.process(0).begin_answer("\xF0\x9F\xA6\x99");
    world.process(0).finish(world.process(0).open_nonce, 5);
    world.clock.settle();
    CHECK(asked.done());
}

TEST_CASE("a request that loses worker after worker ends with an error that says so") {
    PoolWorld world(1);
    world.all_ready();
    Asked& unlucky = world.ask("a");
    for (int i = 0; i < 8; ++i) {
        CHECK_FALSE(unlucky.done());
        world.spawner.last().die_of(SIGTERM);
        world.clock.advance(61s);
        world.all_ready();
    }
    REQUIRE(unlucky.error);
    CHECK(unlucky.error->status == 502);
    CHECK(unlucky.error->code == "worker_lost");
    CHECK(std::string(unlucky.error->what()).find("8 times") != std::string::npos);
}

TEST_CASE("a conversation that crashes two workers is not given a third, nor another one later") {
    PoolWorld world(2);
    world.all_ready();
    int signal = SIGSEGV;
    SUBCASE("by SIGSEGV") {}
    SUBCASE("by a non-zero exit") {
        signal = 1 << 8;
    }
    SUBCASE("by the kernel's OOM killer") {
        signal = SIGKILL;
    }
    Asked& poison = world.ask("poison");
    world.process(0).die_of(signal);
    world.clock.settle();
    CHECK_FALSE(poison.done());
    world.process(1).die_of(signal);
    world.clock.settle();
    REQUIRE(poison.error);
    CHECK(poison.error->status == 422);
    CHECK(poison.error->code == "conversation_quarantined");
    world.all_ready();
    Asked& again = world.ask("poison");
    REQUIRE(again.error);
    CHECK(again.error->code == "conversation_quarantined");
    CHECK_FALSE(world.ask("something else").done());
    world.clock.advance(10min);
    world.all_ready();
    CHECK_FALSE(world.ask("poison").done());
}

TEST_CASE("two conversations that crash workers do not excuse each other") {
    PoolWorld world(4);
    world.all_ready();
    Asked& first = world.ask("a");
    Asked& second = world.ask("b");
    for (int i = 0; i < 4; ++i) {
        world.process(i).die_of(SIGSEGV);
        world.clock.settle();
    }
    for (Asked* asked : {&first, &second}) {
        REQUIRE(asked->error);
        CHECK(asked->error->code == "conversation_quarantined");
    }
}

TEST_CASE("kills that hit others too are blamed on nobody") {
    PoolWorld world(3);
    world.all_ready();
    Asked& first = world.ask("a");
    Asked& second = world.ask("b");
    SUBCASE("idle workers") {
        world.process(2).die_of(SIGKILL);
    }
    SUBCASE("other requests") {
        world.process(1).die_of(SIGSEGV);
    }
    world.clock.settle();
    for (int i = 0; i < 2; ++i) {
        world.all_ready();
        FakeProcess* holder = nullptr;
        for (const auto& process : world.spawner.processes)
            if (!process->status && process->has_request("a")) holder = process.get();
        REQUIRE(holder);
        holder->die_of(SIGKILL);
        world.clock.advance(1s);
    }
    CHECK_FALSE(first.done());
    CHECK_FALSE(second.done());
}

TEST_CASE("workers that died before they read a request are not held against it") {
    PoolWorld world(2);
    world.all_ready();
    Asked& asked = world.ask("Hi");
    for (std::size_t i = 0; i < 2; ++i) {
        world.process(i).exit_unread(SIGKILL);
        world.clock.advance(100ms);
    }
    world.clock.advance(1s);
    world.all_ready();
    const auto holder_of = [&](const std::string& text) -> FakeProcess& {
        for (const auto& process : world.spawner.processes)
            if (!process->status && process->has_request(text)) return *process;
        throw std::runtime_error("nobody has " + text);
    };
    holder_of("Hi").answer({"Hello"});
    world.clock.settle();
    CHECK(asked.sink.text == "Hello");
    // They count as deaths of idle workers, which excuse others.
    Asked& killed = world.ask("a killer?");
    for (int i = 0; i < 2; ++i) {
        holder_of("a killer?").die_of(SIGSEGV);
        world.clock.advance(1s);
        world.all_ready();
    }
    CHECK_FALSE(killed.error);
}

TEST_CASE("a conversation that is answered after all is cleared of what died in its hands") {
    PoolWorld world(1);
    world.all_ready();
    for (int i = 0; i < 4; ++i) {
        Asked& asked = world.ask("often");
        die_after(world, "one", SIGSEGV);
        world.clock.advance(2min);
        world.all_ready();
        world.spawner.last().answer({"one", " two"});
        world.clock.settle();
        CHECK(asked.sink.text == "one two");
    }
}

TEST_CASE("crashes that hit several conversations are blamed on none of them") {
    PoolWorld world(3);
    world.all_ready();
    std::vector<Asked*> asked;
    for (const char* text : {"a", "b", "c"}) asked.push_back(&world.ask(text));
    for (int round = 0; round < 2; ++round) {
        for (const auto& process : world.spawner.processes)
            if (!process->status) process->die_of(SIGSEGV);
        world.clock.advance(1min);
        world.all_ready();
    }
    for (const Asked* one : asked) CHECK_FALSE(one->error);
}
