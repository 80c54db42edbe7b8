#include "supervisor/answer_limit.hpp"

#include <doctest/doctest.h>

using namespace corral;

namespace {

constexpr unsigned no_limit = ~0U;

// Feeds tokens until the limit cuts; returns what was delivered.
std::string deliver(AnswerLimit& limit, const std::vector<std::string>& tokens) {
    std::string text;
    for (const std::string& token : tokens) {
        text += limit.feed({token, true});
        if (limit.cut() != AnswerLimit::Cut::none) return text;
    }
    return text + limit.flush();
}

}  // namespace

TEST_CASE("max_tokens lets exactly so many tokens pass") {
    AnswerLimit limit(3, {});
    CHECK(deliver(limit, {"1", " 2", " 3", " 4"}) == "1 2 3");
    CHECK(limit.cut() == AnswerLimit::Cut::tokens);
    CHECK(limit.tokens() == 3);
}

TEST_CASE("the rest of a token is not another token") {
    AnswerLimit limit(2, {});
    CHECK(limit.feed({"a", true}) == "a");
    CHECK(limit.feed({"\n", false}) == "\n");
    CHECK(limit.cut() == AnswerLimit::Cut::none);
}

TEST_CASE("an answer ends before a stop string, wherever the tokens are cut") {
    for (const auto& tokens : {std::vector<std::string>{"one STOP two"},
                               {"one ", "ST", "OP", " two"},
                               {"o", "ne S", "T", "O", "P t"}}) {
        AnswerLimit limit(no_limit, {"STOP", "never"});
        CHECK(deliver(limit, tokens) == "one ");
        CHECK(limit.cut() == AnswerLimit::Cut::stop);
    }
}

TEST_CASE("of several stop strings the one that starts first wins") {
    AnswerLimit limit(no_limit, {"bc", "abcd"});
    CHECK(deliver(limit, {"xab", "cd"}) == "x");
}

TEST_CASE("what only looked like a stop string is delivered") {
    AnswerLimit limit(no_limit, {"STOP"});
    CHECK(limit.feed({"ST", true}) == "");
    CHECK(limit.feed({"ART", true}) == "START");
    CHECK(deliver(limit, {" S", "T"}) == " ST");
}

TEST_CASE("a stop string in the last token allowed still counts as a stop") {
    AnswerLimit limit(2, {"b"});
    CHECK(deliver(limit, {"a", "b", "c"}) == "a");
    CHECK(limit.cut() == AnswerLimit::Cut::stop);
}
