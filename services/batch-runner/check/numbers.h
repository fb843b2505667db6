#pragma once

#include <string_view>
#include <vector>

namespace ftl::batch_runner {

// Every number that stands in a text, in each way it can be read. Digits only of ASCII.
// - Thousands may be parted by comma, point, apostrophe or a space of any kind: `1,234`, `1.234`, `1'234`, `1 234`.
// - The decimal sign may be a point or a comma: `1,234` is therefore 1234 and 1.234.
// - A sign counts where no letter or digit stands before it: `-5` is negative, `10-20` holds 10 and 20.
// - `1.5e6` is read; number words, fractions and `k` are not.
std::vector<double> NumbersIn(std::string_view text);

}  // namespace ftl::batch_runner
