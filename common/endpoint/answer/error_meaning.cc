#include "common/endpoint/answer/error_meaning.h"

#include <algorithm>
#include <initializer_list>

#include <absl/strings/ascii.h>

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
                     "perday"})) {
    return true;
  }
  const bool is_of_a_moment = HasAny(message_, {"retry in", "try again in", "per minute", "per-min", "per second",
                                                "per_minute", "requests per", "tokens per min"}) &&
                              !HasAny(message_, {"per day", "per-day"});
  if (is_of_a_moment || HasAny(message_, {"retry in", "try again in"})) return false;
  if (LacksMoney() || HasUsedUpItsPeriod()) return true;
  if (status != 400 && status != 403 && status != 429) return false;
  return HasAny(message_,
                {"credit balance is too low", "insufficient credit", "insufficient balance", "insufficient quota",
                 "exceeded your current quota", "spend limit", "spending limit", "out of credit",
                 "used all available credits", "credit limit exceeded", "specified api usage limits",
                 "check your plan and billing", "per-day", "per day", "daily limit", "daily quota"});
}

// Whatever status and wording: something of an account that is paid, and that it is gone.
bool ErrorMeaning::LacksMoney() const {
  if (HasAny(message_, {"permission", "load balanc"})) return false;
  const std::string all = name_ + " " + message_;
  if (HasAny(all, {"余额不足",
                   "欠费",
                   "额度不足",
                   "额度已用尽",
                   "额度已用完",
                   "arrearage",
                   "budget has been exceeded",
                   "budget exceeded",
                   "budget_exceeded",
                   "insufficient_user_quota",
                   "quota_exhausted",
                   "please recharge",
                   "top up your",
                   "key limit exceeded",
                   "trial has ended",
                   "trial expired",
                   "trial has expired",
                   "subscription has expired",
                   "quota is not enough",
                   "usage cap"})) {
    return true;
  }
  return HasAny(all, {"credit", "balance", "funds", "billing", "payment", "spend", "budget", "prepaid", "top up",
                      "free tier", "wallet", "free quota"}) &&
         HasAny(all, {"insufficient",
                      "exhausted",
                      "depleted",
                      "used all",
                      "used up",
                      "too low",
                      "not enough",
                      "run out",
                      "ran out",
                      "out of",
                      "no remaining",
                      "negative",
                      "overdue",
                      "unpaid",
                      "not active",
                      "payment required",
                      "required to continue",
                      "has been used",
                      "no credit",
                      "no more",
                      "not sufficient",
                      "is 0",
                      "is zero",
                      "past due"});
}

bool ErrorMeaning::HasUsedUpItsPeriod() const {
  return HasAny(message_, {"daily", "weekly", "monthly", "per day", "per week", "per month"}) &&
         HasAny(message_, {"limit", "quota", "allowance", "allocation"}) &&
         HasAny(message_, {"exhausted", "reached", "exceeded", "used up", "used all", "limited to"});
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
