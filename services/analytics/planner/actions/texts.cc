#include "services/analytics/planner/actions/actions.h"

#include <optional>
#include <string>
#include <vector>

#include "services/analytics/planner/constituents.h"
#include "services/analytics/semantics/catalogue.h"

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

// Texts: one of several, or all of them.
bool OneText(const Parts& parts, Sense& made) {
  made.texts = parts.back()->texts;
  return true;
}

bool MoreTexts(const Parts& parts, Sense& made, bool all) {
  const Sense& first = *parts.front();
  if (first.texts.size() > 1 && first.all != all) return false;
  made = first;
  made.all = all;
  made.texts.push_back(parts.back()->texts[0]);
  return true;
}

bool OrTexts(const Parts& parts, Sense& made) { return MoreTexts(parts, made, false); }

bool AndTexts(const Parts& parts, Sense& made) { return MoreTexts(parts, made, true); }

// Both "refund" and "sorry".
bool BothTexts(const Parts& parts, Sense& made) {
  made = *parts.back();
  return made.all && made.texts.size() == 2;
}

std::vector<pb::Filter> TextFilters(const Sense& texts, pb::FilterField field, pb::Comparison comparison) {
  std::vector<pb::Filter> filters;
  if (texts.all) {
    for (const std::string& text : texts.texts) filters.push_back(TextFilter(field, comparison, text));
    return filters;
  }
  pb::Filter filter = TextFilter(field, comparison, texts.texts.size() == 1 ? texts.texts[0] : "");
  if (texts.texts.size() > 1) {
    for (const std::string& text : texts.texts) filter.add_texts(text);
  }
  return {filter};
}

pb::FilterField TextFieldOf(const Parts& parts) {
  for (const Sense* part : parts) {
    if (part->word == "prompt") return pb::FILTER_FIELD_PROMPT_TEXT;
    if (part->word == "response") return pb::FILTER_FIELD_RESPONSE_TEXT;
  }
  if (Find(parts, [](const Sense& part) { return part.word == "any"; })) return pb::FILTER_FIELD_ANY_TEXT;
  return pb::FILTER_FIELD_UNSPECIFIED;  // what was last spoken of
}

bool Mention(const Parts& parts, Sense& made, pb::Comparison comparison) {
  const Sense* texts = Find(parts, [](const Sense& part) { return !part.texts.empty(); });
  if (!texts) return false;
  made.filters = TextFilters(*texts, TextFieldOf(parts), comparison);
  return true;
}

bool Contains(const Parts& parts, Sense& made) { return Mention(parts, made, pb::COMPARISON_CONTAINS); }

bool StartsWith(const Parts& parts, Sense& made) { return Mention(parts, made, pb::COMPARISON_STARTS_WITH); }

bool EndsWith(const Parts& parts, Sense& made) { return Mention(parts, made, pb::COMPARISON_ENDS_WITH); }

bool ContainsNeither(const Parts& parts, Sense& made) {
  Sense texts;
  for (const Sense* part : parts) texts.texts.insert(texts.texts.end(), part->texts.begin(), part->texts.end());
  made.filters = TextFilters(texts, TextFieldOf(parts), pb::COMPARISON_NOT_CONTAINS);
  return true;
}

bool ContainsButNot(const Parts& parts, Sense& made) {
  const pb::FilterField field = TextFieldOf(parts);
  made.filters = TextFilters(*parts[0], field, pb::COMPARISON_CONTAINS);
  for (const pb::Filter& filter : TextFilters(*parts[2], field, pb::COMPARISON_NOT_CONTAINS))
    made.filters.push_back(filter);
  return true;
}

bool ButNot(const Parts& parts, Sense& made) {
  made = *parts.front();
  if (made.filters.empty() || RowOf(made.filters[0].field()).kind != FieldKind::kText) {
    if (made.filters.empty() || made.filters[0].field() != pb::FILTER_FIELD_UNSPECIFIED) return false;
  }
  if (made.filters[0].comparison() != pb::COMPARISON_CONTAINS) return false;
  for (const pb::Filter& filter : TextFilters(*parts.back(), made.filters[0].field(), pb::COMPARISON_NOT_CONTAINS)) {
    made.filters.push_back(filter);
  }
  return true;
}

bool OfTexts(const Parts& parts, Sense& made) {
  made = *parts.back();
  return made.word == "prompt" || made.word == "response";
}

constexpr NamedAction kActions[] = {
    {"text", OneText},
    {"or_texts", OrTexts},
    {"and_texts", AndTexts},
    {"both_texts", BothTexts},
    {"contains", Contains},
    {"starts_with", StartsWith},
    {"ends_with", EndsWith},
    {"contains_neither", ContainsNeither},
    {"contains_but_not", ContainsButNot},
    {"but_not", ButNot},
    {"of_texts", OfTexts},
};

}  // namespace

std::span<const NamedAction> ActionsOfTexts() { return kActions; }

}  // namespace ftl::analytics
