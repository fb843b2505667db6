#pragma once

#include <string_view>

#include <boost/json/object.hpp>

#include "services/batch-runner/suite/suite_reading.h"

namespace ftl::batch_runner {

// Whether an object is a promptfoo configuration: tests beside prompts, or prompts beside what only promptfoo has.
bool IsPromptfoo(const boost::json::object& config);

// Every prompt with the variables of every test; a list of values stands for each of them. Asserts become checks;
// those that need a model or a script are left out.
void ReadPromptfoo(const boost::json::object& config, SuiteReading& reading);

// A test without prompts: its variables are the example.
void ReadPromptfooTest(const boost::json::object& test, const Place& place, SuiteReading& reading);

// A cell of `__expected`: `contains: Paris`, `similar(0.8): …`, or the expected answer itself.
void ReadPromptfooCell(std::string_view cell, pb::Prompt& prompt, SuiteReading& reading);

}  // namespace ftl::batch_runner
