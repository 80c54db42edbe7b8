#include "config/near_miss.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace corral {

namespace {

constexpr std::size_t word_bytes_max = 64;  // the distance costs the product of both lengths

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::swap(before_last, last);
        std::swap(last, row);
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

std::optional<std::string_view> find_near_miss(std::string_view word,
                                               std::span<const std::string_view> known) {
    if (word.size() > word_bytes_max) return std::nullopt;
    const std::string wanted = lower(word);
    std::optional<std::string_view> nearest;
    std::size_t nearest_distance = (word.size() <= 4 ? 1 : 2) + 1;
    for (const std::string_view candidate : known) {
        const std::size_t distance = edit_distance(wanted, lower(candidate));
        if (distance >= nearest_distance) continue;
        nearest = candidate;
        nearest_distance = distance;
    }
    return nearest;
}

}  // namespace corral
