#include "common/endpoint/answer/credit_words.h"

#include <algorithm>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <absl/strings/ascii.h>

namespace ftl {
namespace {

using Phrases = std::span<const std::string_view>;

// How many words a word of want may stand from what is wanting.
constexpr int kNear = 6;

bool HasAny(std::string_view text, Phrases phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return text.find(phrase) != std::string_view::npos; });
}
bool HasAny(std::string_view text, std::initializer_list<std::string_view> phrases) {
  return HasAny(text, Phrases(phrases.begin(), phrases.size()));
}

bool IsWordCharacter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || absl::ascii_isalnum(byte) || c == '_' || c == '-' || c == '%';
}

// The sentences of a text, each as its words with a space before and behind each: ` the balance is 0.00 `.
std::vector<std::string> Sentences(std::string_view text) {
  std::vector<std::string> sentences{" "};
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_within = at + 1 < text.size() && IsWordCharacter(text[at + 1]);
    if (IsWordCharacter(c) || (c == '.' && is_within && sentences.back().back() != ' ')) {
      sentences.back() += c;
      continue;
    }
    if (c == '\'') continue;
    if (sentences.back().back() != ' ') sentences.back() += ' ';
    if (std::string_view(".!?;\n").find(c) != std::string_view::npos && sentences.back().size() > 1) {
      sentences.emplace_back(" ");
    }
  }
  if (sentences.back().back() != ' ') sentences.back() += ' ';
  return sentences;
}

// The words around `at`, a word's space, up to kNear to each side.
std::string_view Around(std::string_view sentence, size_t at) {
  size_t begin = at;
  for (int i = 0; i < kNear && begin > 0; ++i) begin = sentence.rfind(' ', begin - 1);
  size_t end = at + 1;
  for (int i = 0; i <= kNear + 1 && end < sentence.size(); ++i)
    end = std::min(sentence.find(' ', end), sentence.size()) + 1;
  return sentence.substr(begin, end - begin);
}

// Whether one of `nouns` stands near one of `wants`. Both are words with their spaces.
bool IsNear(std::string_view sentence, Phrases nouns, Phrases wants) {
  for (const std::string_view noun : nouns) {
    for (size_t at = sentence.find(noun); at != std::string_view::npos; at = sentence.find(noun, at + 1)) {
      if (HasAny(Around(sentence, at), wants)) return true;
    }
  }
  return false;
}

// Of the tokens that a model may think, which are no money.
bool IsOfThinking(std::string_view sentence) {
  return HasAny(sentence, {"thinking budget", "token budget", "reasoning budget", "budget_tokens", "thinking_budget"});
}

constexpr std::string_view kMoney[] = {
    " credit ",   " credits ", " balance ",  " funds ",  " billing ", " invoice ",    " invoices ", " payment ",
    " payments ", " spend ",   " spending ", " budget ", " prepaid ", " prepayment ", " wallet ",   " recharge "};
constexpr std::string_view kWanting[] = {
    " insufficient ", " exhausted ",      " depleted ",   " used all ",    " used up ",      " too low ",
    " not enough ",   " run out ",        " ran out ",    " out of ",      " no remaining ", " negative ",
    " overdue ",      " unpaid ",         " not active ", " required ",    " been used ",    " no more ",
    " past due ",     " not sufficient ", " expired ",    " exceeded ",    " reached ",      " arrears ",
    " issue ",        " issues ",         " suspended ",  " deactivated ", " declined ",     " no credit",
    " no balance ",   " no prepaid ",     " only afford "};
constexpr std::string_view kSums[] = {" credit ", " credits ", " balance "};
constexpr std::string_view kTaken[] = {" been consumed ", " fully consumed "};
constexpr std::string_view kNothing[] = {" 0 ", " 0.0 ", " 0.00 ", " zero "};
constexpr std::string_view kGifts[] = {" free tier ", " free quota ",    " free trial ",
                                       " free plan ", " resource pack ", " resource package "};
constexpr std::string_view kGone[] = {" exhausted ", " depleted ",  " used up ", " used all ", " been used ",
                                      " expired ",   " has ended ", " run out ", " ran out ",  " is over "};
constexpr std::string_view kAllowances[] = {" quota ", " usage limit ", " allowance ", " included credits ", " plan "};
constexpr std::string_view kUsedUp[] = {" exceeded ", " reached ", " exhausted ",
                                        " out of ",   " used up ", " used all "};

bool LacksMoney(std::string_view sentence) {
  if (HasAny(sentence, {" permission", " load balanc"}) || IsOfThinking(sentence)) return false;
  return IsNear(sentence, kMoney, kWanting) || IsNear(sentence, kSums, kNothing) || IsNear(sentence, kSums, kTaken) ||
         IsNear(sentence, kGifts, kGone) ||
         HasAny(sentence, {" insufficient quota ",
                           " quota is not enough ",
                           " usage cap ",
                           " hard limit reached ",
                           " key limit exceeded ",
                           " trial expired ",
                           " trial has expired ",
                           " trial has ended ",
                           " subscription has expired ",
                           " subscription is inactive ",
                           " subscription is not active ",
                           " subscription has ended ",
                           " subscription has lapsed ",
                           " no active subscription ",
                           " please recharge ",
                           " top up your ",
                           " in arrears ",
                           " spend limit ",
                           " spending limit ",
                           " spending cap ",
                           " check your plan and billing ",
                           " payment method to continue ",
                           " payment method is required ",
                           " valid payment method ",
                           " no payment method ",
                           " billing to be enabled ",
                           " enable billing ",
                           " billing is not enabled ",
                           " billing is disabled ",
                           " billing disabled "});
}

bool HasUsedUpItsPeriod(std::string_view sentence) {
  if (HasAny(sentence, {" token lifetime ", " key lifetime "})) return false;
  return HasAny(sentence, {" daily ", " weekly ", " monthly ", " annual ", " yearly ", " lifetime ", " day ", " days ",
                           " week ", " weeks ", " month ", " months ", " billing period ", " billing cycle "}) &&
         HasAny(sentence, {" limit ", " limits ", " quota ", " quotas ", " allowance ", " allocation ", " usage ",
                           " requests ", " tokens ", " credits "}) &&
         HasAny(sentence, {" exhausted ", " reached ", " exceeded ", " used up ", " used all ", " used 100% ",
                           " have used 100 ", " limited to ", " not include any ", " out of ", " no more "});
}

}  // namespace

bool SaysOutOfCredit(std::string_view message) {
  // As the languages that write without spaces say it, and names.
  if (HasAny(message, {"余额不足",
                       "欠费",
                       "额度不足",
                       "额度已用尽",
                       "额度已用完",
                       "资源包已用尽",
                       "残高不足",
                       "残高が不足",
                       "クレジットが不足",
                       "クレジット不足",
                       "guthaben aufgebraucht",
                       "guthaben ist aufgebraucht",
                       "nicht genügend guthaben",
                       "kein guthaben",
                       "solde insuffisant",
                       "solde est insuffisant",
                       "crédit est épuisé",
                       "crédit épuisé",
                       "credito insufficiente",
                       "credito esaurito",
                       "saldo insufficiente",
                       "onvoldoende saldo",
                       "onvoldoende tegoed",
                       "едостаточно средств",
                       "едостаточно кредит",
                       "редства исчерпаны",
                       "잔액이 부족",
                       "잔액 부족",
                       "크레딧이 부족",
                       "crédit insuffisant",
                       "crédits épuisés",
                       "saldo insuficiente",
                       "crédito insuficiente",
                       "créditos insuficientes",
                       "créditos esgotados",
                       "créditos agotados",
                       "arrearage",
                       "insufficient_quota",
                       "insufficient_user_quota",
                       "quota_exhausted",
                       "exceededbudget",
                       "enforced_spend_limit",
                       "per-day"})) {
    return true;
  }
  const std::vector<std::string> sentences = Sentences(message);
  return std::any_of(sentences.begin(), sentences.end(),
                     [](std::string_view sentence) { return LacksMoney(sentence) || HasUsedUpItsPeriod(sentence); });
}

bool SaysAllowanceIsUsedUp(std::string_view message) {
  const std::vector<std::string> sentences = Sentences(message);
  return std::any_of(sentences.begin(), sentences.end(),
                     [](std::string_view sentence) { return IsNear(sentence, kAllowances, kUsedUp); });
}

}  // namespace ftl
