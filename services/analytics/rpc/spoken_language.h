#pragma once

#include <string>

#include "common/error/refusal.h"

namespace ftl::analytics {

// Adds a fault where `code` is none of the languages that Atlas speaks; empty is fine.
void CheckLanguage(const std::string& code, FieldFaults& faults);

}  // namespace ftl::analytics
