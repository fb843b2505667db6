#pragma once

#include <string_view>

namespace ftl {

// Whether an error's words say that the account behind the key can pay no more: money, credit or a plan's allowance of
// a day or longer is used up, or nobody has paid. A limit of a minute is none, and neither is a word of money near none
// of want. The words are those of providers, in the page's seven languages. `message` in lower case. Pure, linear.
bool SaysOutOfCredit(std::string_view message);

// The same of a plan's allowance, in words that may be of a moment too: they count where the status or an offer to pay
// for more says that they are not.
bool SaysAllowanceIsUsedUp(std::string_view message);

}  // namespace ftl
