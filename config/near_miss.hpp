// Finds the word that was probably meant. Pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace corral {

// Edits (insert, delete, replace, swap two neighbours) that turn one text into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The known word nearest to the given one, ignoring ASCII case, if it is near enough to be a slip:
// one edit for words of up to four letters, two for longer ones. The first one wins a tie. The view
// is one of those in `known`.
std::optional<std::string_view> find_near_miss(std::string_view word,
                                               std::span<const std::string_view> known);

}  // namespace corral
