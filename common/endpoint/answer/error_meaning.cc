#include "common/endpoint/answer/error_meaning.h"

#include <algorithm>
#include <initializer_list>

#include <absl/strings/ascii.h>
#include <absl/strings/str_replace.h>

#include "common/endpoint/answer/credit_words.h"

namespace ftl {
namespace {

using Phrases = std::initializer_list<std::string_view>;

bool HasAny(std::string_view text, Phrases phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return text.find(phrase) != std::string_view::npos; });
}

}  // namespace

ErrorMeaning::ErrorMeaning(const ErrorWords& words)
    : name_(absl::AsciiStrToLower(words.type + " " + words.code + " " + words.reasons)),
      message_(absl::AsciiStrToLower(words.message)) {}

// Gemini says "quota" for too fast also, but asks to retry then.
bool ErrorMeaning::IsOutOfCredit(int status) const {
  if (status == 402 || status == 412) return true;
  if (HasAny(name_, {"insufficient_quota", "credit_balance", "spend_limit_exceeded", "usage_limit_exceeded",
                     "billing_hard_limit", "billing_not_active", "insufficient_balance", "exceeded_current_quota",
                     "enforced_spend_limit", "perday"})) {
    return true;
  }
  const bool is_of_a_moment = HasAny(message_, {"retry in", "try again in", "per minute", "per-min", "per second",
                                                "per_minute", "requests per", "tokens per min"});
  if (is_of_a_moment && !HasAny(message_, {"per day", "per-day", "per month"})) return false;
  if (HasAny(message_, {"retry in", "try again in"})) return false;
  // A name says it in the same words, with lines between them.
  if (SaysOutOfCredit(message_) || SaysOutOfCredit(absl::StrReplaceAll(name_, {{"_", " "}}))) return true;
  if (status == 403 && SaysAllowanceIsUsedUp(message_)) return true;
  if (status != 400 && status != 403 && status != 429) return false;
  const bool is_too_fast =
      HasAny(message_, {"rate limit", "rate-limit", "too many requests", "concurren", "rpm", "tpm"});
  if (!is_too_fast && SaysAllowanceIsUsedUp(message_) && HasAny(message_, {"upgrade", "purchase", "subscribe"})) {
    return true;
  }
  return HasAny(message_, {"exceeded your current quota", "specified api usage limits", "per day", "daily limit",
                           "daily quota", "per month", "monthly limit", "monthly quota"});
}

bool ErrorMeaning::WantsHttps() const {
  return HasAny(message_, {"plain http request was sent to https port", "http request to an https server",
                           "speaking plain http to an ssl-enabled"});
}

bool ErrorMeaning::IsFiltered() const {
  return HasAny(name_, {"content_filter", "content_policy", "moderation"}) ||
         HasAny(message_, {"content management policy", "content filter", "flagged by moderation",
                           "requires moderation", "input was flagged"});
}

bool ErrorMeaning::IsUnknownModel() const {
  if (HasAny(name_, {"model_not_found", "invalid_model", "model_not_supported", "model_not_available",
                     "model_decommissioned", "deploymentnotfound"})) {
    return true;
  }
  return HasAny(message_, {"model"}) &&
         HasAny(message_, {"not found", "does not exist", "not exist", "invalid model", "unknown model",
                           "not a valid model", "no such model", "not_found", "model identifier is invalid",
                           "has been decommissioned", "has been deprecated", "unable to access model"});
}

bool ErrorMeaning::IsRefusedKey() const {
  return HasAny(name_, {"invalid_api_key", "api_key_invalid", "authentication_error", "invalid_authentication"}) ||
         HasAny(message_, {"api key not valid", "invalid api key", "incorrect api key", "api key is invalid"});
}

bool ErrorMeaning::IsLoading() const {
  if (HasAny(message_, {"failed to load", "error loading", "while loading", "unable to load", "could not load",
                        "cannot load", "failed loading", "overloaded"})) {
    return false;
  }
  return HasAny(name_, {"model_loading", "loading_model", "model_not_ready"}) ||
         HasAny(message_, {"loading model",        "model is loading",     "currently loading",    "still loading",
                           "being loaded",         "is loading",           "model loading",        "not ready yet",
                           "is not yet ready",     "not yet loaded",       "starting up",          "warming up",
                           "cold start",           "scaling up",           "scaled to zero",       "is initializing",
                           "model is starting",    "being deployed",       "model is not ready",   "booting up",
                           "is being initialized", "instance is starting", "waiting for the model"});
}

int ErrorMeaning::Status() const {
  if (HasAny(name_, {"insufficient_quota", "billing", "payment", "credit"})) return 402;
  if (HasAny(name_, {"authentication", "api_key", "unauthorized", "unauthenticated"})) return 401;
  if (HasAny(name_, {"permission", "forbidden"})) return 403;
  if (HasAny(name_, {"not_found", "notfound"})) return 404;
  if (HasAny(name_, {"rate_limit", "slow_down", "too_many_requests", "resource_exhausted"})) return 429;
  if (HasAny(name_, {"overloaded"})) return 529;
  if (IsLoading()) return 503;
  if (HasAny(name_, {"unavailable", "capacity", "insufficient_system_resource"})) return 503;
  if (HasAny(name_, {"invalid_request", "invalid_argument", "validation", "badrequest", "bad_request", "content_filter",
                     "context_length", "unsupported"})) {
    return 400;
  }
  if (HasAny(message_, {"insufficient credit", "insufficient balance", "out of credit", "exceeded your current quota",
                        "rate limit", "too many requests"})) {
    return 429;
  }
  if (HasAny(message_, {"overloaded", "at capacity", "no capacity"})) return 503;
  if (IsRefusedKey()) return 401;
  if (HasAny(message_, {"maximum context length"})) return 400;
  return 500;
}

}  // namespace ftl
