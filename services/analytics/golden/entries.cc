#include "services/analytics/golden/entries.h"

#include <fstream>

#include <absl/strings/str_split.h>
#include <fmt/format.h>

namespace ftl::analytics {
namespace {

struct Named {
  const char* words;
  const char* sql;
};

constexpr Named kStatistics[] = {{"average", "avg({0})"},
                                 {"median", "percentile_cont(0.5) WITHIN GROUP (ORDER BY {0})"},
                                 {"p90", "percentile_cont(0.9) WITHIN GROUP (ORDER BY {0})"},
                                 {"maximum", "max({0})"},
                                 {"minimum", "min({0})"},
                                 {"standard deviation of the", "stddev_samp({0})"},
                                 {"variance of the", "var_samp({0})"},
                                 {"total", "sum({0})"},
                                 {"95th percentile of the", "percentile_cont(0.95) WITHIN GROUP (ORDER BY {0})"}};
constexpr Named kMeasures[] = {{"latency", "lat"},
                               {"time to first token", "ttft"},
                               {"output tokens", "outt"},
                               {"inter-token latency", "itl"},
                               {"input tokens", "inp"},
                               {"response length in words", "words"},
                               {"response length in characters", "chars"}};
constexpr Named kConditions[] = {{"", "true"},
                                 {"of the billing prompts", "cat = 'billing'"},
                                 {"of the returns prompts that took over 1 second", "cat = 'returns' AND lat > 1000"},
                                 {"of prompts with more than 100 output tokens", "outt > 100"},
                                 {"of the hard prompts", "diff = 'hard'"},
                                 {"in the second half", "id > 20"},
                                 {"of responses that mention \"refund\"", "answer ILIKE '%refund%'"},
                                 {"of the truncated responses", "fin = 'length'"}};
constexpr Named kGroups[] = {{"by category", "cat"}, {"per difficulty", "diff"}, {"for each category", "cat"}};
constexpr Named kCounts[] = {{"took more than 2 seconds", "ok AND lat > 2000"},
                             {"took less than 750 ms", "ok AND lat < 750"},
                             {"failed", "NOT ok"},
                             {"timed out", "err = 'timeout'"},
                             {"were truncated", "fin = 'length'"},
                             {"had a time to first token above 200 ms", "ok AND ttft > 200"},
                             {"used fewer than 50 output tokens", "ok AND outt < 50"},
                             {"mention \"invoice\"", "prompt ILIKE '%invoice%'"}};

// The same few questions in each language: statistic before or after its measure, a category, a bound, a group.
struct Language {
  const char* name;
  const char* figure;         // {0} the statistic of {1} the measure
  const char* of_category;    // of prompts of category {0}
  const char* statistics[3];  // mean, median, maximum
  const char* measures[3];    // latency, time to first token, output tokens
  const char* how_many_over;  // how many took more than {0} seconds
  const char* how_many_failed;
  const char* by_category;
  const char* slowest;     // the {0} slowest prompts
  const char* share_over;  // what percentage took more than {0} seconds
  const char* unknown;     // a figure of what nobody knows
};
constexpr Language kLanguagesAsked[] = {{"de",
                                         "{0} {1}",
                                         "{} der {}-Prompts",
                                         {"durchschnittliche", "mediane", "maximale"},
                                         {"Latenz", "Zeit bis zum ersten Token", "Ausgabetokens"},
                                         "Wie viele Anfragen dauerten mehr als {} Sekunden?",
                                         "Wie viele sind fehlgeschlagen?",
                                         "{} nach Kategorie",
                                         "die {} langsamsten Prompts",
                                         "Wie viel Prozent dauerten mehr als {} Sekunden?",
                                         "durchschnittliche Zufriedenheit"},
                                        {"es",
                                         "{1} {0}",
                                         "{} de los prompts de {}",
                                         {"promedio", "mediana", "máxima"},
                                         {"latencia", "tiempo hasta el primer token", "tokens de salida"},
                                         "¿Cuántas solicitudes tardaron más de {} segundos?",
                                         "¿Cuántas fallaron?",
                                         "{} por categoría",
                                         "los {} prompts más lentos",
                                         "¿Qué porcentaje tardó más de {} segundos?",
                                         "felicidad media"},
                                        {"fr",
                                         "{1} {0}",
                                         "{} des prompts {}",
                                         {"moyenne", "médiane", "maximale"},
                                         {"latence", "temps jusqu'au premier token", "tokens de sortie"},
                                         "Combien de requêtes ont pris plus de {} secondes ?",
                                         "Combien ont échoué ?",
                                         "{} par catégorie",
                                         "les {} prompts les plus lents",
                                         "Quel pourcentage a pris plus de {} secondes ?",
                                         "bonheur moyen"},
                                        {"pt",
                                         "{1} {0}",
                                         "{} dos prompts de {}",
                                         {"média", "mediana", "máxima"},
                                         {"latência", "tempo até o primeiro token", "tokens de saída"},
                                         "Quantas requisições levaram mais de {} segundos?",
                                         "Quantas falharam?",
                                         "{} por categoria",
                                         "os {} prompts mais lentos",
                                         "Que porcentagem levou mais de {} segundos?",
                                         "felicidade média"},
                                        {"zh",
                                         "{0}{1}",
                                         "{1}提示的{0}",
                                         {"平均", "中位数", "最大"},
                                         {"延迟", "首个token时间", "输出token数"},
                                         "有多少请求超过{}秒？",
                                         "有多少失败了？",
                                         "按类别的{}",
                                         "最慢的{}个提示",
                                         "百分之多少超过{}秒？",
                                         "平均幸福感"},
                                        {"ja",
                                         "{0}{1}",
                                         "{1}のプロンプトの{0}",
                                         {"平均", "中央値の", "最大"},
                                         {"レイテンシ", "最初のトークンまでの時間", "出力トークン数"},
                                         "{}秒を超えたリクエストは何件ですか？",
                                         "失敗したのは何件ですか？",
                                         "カテゴリ別の{}",
                                         "最も遅いプロンプト{}件",
                                         "{}秒を超えた割合は？",
                                         "平均幸福度"}};

std::string Format(const char* format, const std::string& one, const std::string& other = "") {
  return fmt::format(fmt::runtime(format), one, other);
}

void AddEnglish(std::vector<Entry>& entries) {
  const auto add = [&](std::string question, std::string expected) {
    entries.push_back({"generated en", {std::move(question)}, {std::move(expected)}});
  };
  for (size_t s = 0; s < std::size(kStatistics); ++s) {
    for (size_t m = 0; m < std::size(kMeasures); ++m) {
      const Named& statistic = kStatistics[s];
      const Named& measure = kMeasures[m];
      const bool total = s == 7;
      if (total && (m < 2 || m == 3)) continue;  // times do not add up
      const std::string figure = Format(statistic.sql, measure.sql);
      for (size_t c = 0; c < std::size(kConditions); ++c) {
        if (total && c > 0) continue;  // what was spent on failures counts too
        if (c > 0 && (s * 5 + m * 3 + c) % 2 == 0) continue;
        const char* from = total && m == 4 ? "every" : "good";
        add(fmt::format("What is the {} {} {}?", statistic.words, measure.words, kConditions[c].words),
            fmt::format("v: SELECT {} FROM {} WHERE {}", figure, from, kConditions[c].sql));
      }
      if (total || s % 2 == 1) continue;
      const Named& group = kGroups[(s + m) % std::size(kGroups)];
      add(fmt::format("{} {} {}", statistic.words, measure.words, group.words),
          fmt::format("groups: SELECT {0}, {1} FROM good GROUP BY 1", group.sql, figure));
    }
  }
  for (const Named& count : kCounts) {
    add(fmt::format("How many prompts {}?", count.words),
        fmt::format("v: SELECT count(*) FROM every WHERE {}", count.sql));
    add(fmt::format("which prompts {}", count.words), fmt::format("ids: SELECT id FROM every WHERE {}", count.sql));
    add(fmt::format("how many of the technical prompts {}?", count.words),
        fmt::format("v: SELECT count(*) FROM every WHERE cat = 'technical' AND {}", count.sql));
    add(fmt::format("what about the unicorns, and how many {}?", count.words), "decline");
  }
}

void AddOthers(std::vector<Entry>& entries) {
  constexpr const char* kSql[] = {"avg({0})", "percentile_cont(0.5) WITHIN GROUP (ORDER BY {0})", "max({0})"};
  constexpr const char* kColumns[] = {"lat", "ttft", "outt"};
  for (const Language& language : kLanguagesAsked) {
    const auto add = [&](std::vector<std::string> turns, std::string expected) {
      entries.push_back({fmt::format("generated {}", language.name), std::move(turns), {std::move(expected)}});
    };
    for (size_t s = 0; s < 3; ++s) {
      for (size_t m = 0; m < 3; ++m) {
        const std::string asked = Format(language.figure, language.statistics[s], language.measures[m]);
        const std::string figure = Format(kSql[s], kColumns[m]);
        add({asked}, fmt::format("v: SELECT {} FROM good", figure));
        if (m == 2) continue;
        add({Format(language.of_category, asked, "billing")},
            fmt::format("v: SELECT {} FROM good WHERE cat = 'billing'", figure));
        add({Format(language.by_category, asked)}, fmt::format("groups: SELECT cat, {} FROM good GROUP BY 1", figure));
        add({asked, "p99?"},
            fmt::format("v: SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY {}) FROM good", kColumns[m]));
      }
    }
    for (const char* bound : {"1", "2", "1.5"}) {
      add({Format(language.how_many_over, bound)},
          fmt::format("v: SELECT count(*) FROM good WHERE lat > {} * 1000", bound));
      add({Format(language.share_over, bound)},
          fmt::format("v: SELECT 100.0 * count(*) FILTER (WHERE lat > {} * 1000) / count(*) FROM good", bound));
    }
    for (const char* rows : {"3", "7"}) {
      add({Format(language.slowest, rows)},
          fmt::format("ranked: SELECT id FROM good ORDER BY lat DESC, id LIMIT {}", rows));
    }
    add({language.how_many_failed}, "v: SELECT count(*) FROM bad");
    add({language.unknown}, "decline");
  }
}

}  // namespace

std::vector<Entry> WrittenEntries() {
  std::vector<Entry> entries;
  std::ifstream file(FTL_WRITTEN_QUESTIONS);
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(" | ", 2));
    if (parts.size() != 3) continue;
    entries.push_back({"written " + parts[0], absl::StrSplit(parts[1], " / "), absl::StrSplit(parts[2], " ++ ")});
  }
  return entries;
}

std::vector<Entry> GeneratedEntries() {
  std::vector<Entry> entries;
  AddEnglish(entries);
  AddOthers(entries);
  return entries;
}

}  // namespace ftl::analytics
