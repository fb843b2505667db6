#include "services/analytics/narrator/mentions.h"

#include <string>

#include <absl/strings/numbers.h>
#include <re2/re2.h>

namespace ftl::analytics {
namespace {

namespace pb = finetunelab::analytics::v1;

re2::StringPiece Piece(std::string_view text) { return {text.data(), text.size()}; }

// Each match of `pattern`, whose first group is the word.
template <typename Take>
void Each(std::string_view plain, const RE2& pattern, Take take) {
  const re2::StringPiece all = Piece(plain);
  re2::StringPiece found;
  size_t at = 0;
  while (at <= plain.size() && pattern.Match(all, at, plain.size(), RE2::UNANCHORED, &found, 1)) {
    const auto begin = static_cast<size_t>(found.data() - plain.data());
    take(begin, begin + found.size(), std::string_view(found.data(), found.size()));
    at = begin + std::max<size_t>(found.size(), 1);
  }
}

struct StatisticWords {
  pb::Statistic statistic;
  RE2 words;
};

void AddStatistics(std::string_view plain, std::vector<Mention>& mentions) {
  static const StatisticWords kWords[] = {
      {pb::STATISTIC_MEAN,
       RE2(R"(\b(?:average|averag\w+|mean|avg|mittelwert|mittel|promedio|media|moyenne)\b|durchschnitt|média|平均)")},
      {pb::STATISTIC_MEDIAN, RE2(R"(\bmedian|mediana|médiane|mediane|中位|中央値)")},
      {pb::STATISTIC_MAX,
       RE2(R"(\b(?:maximum|max|slowest|longest|peak|worst|highest|largest)\b|höchst|langsamste|längste|máxim|más lent|más larg|maximal|plus lent|plus long|mais lent|mais long|最大|最慢|最长|最も遅|最長|最も長)")},
      {pb::STATISTIC_MIN,
       RE2(R"(\b(?:minimum|fastest|quickest|shortest|lowest|smallest|best)\b|schnellste|kürzeste|niedrigste|mínim|minimal|más rápid|más cort|plus rapide|plus court|mais rápid|mais curt|最小|最快|最短|最も速|最も短)")},
      {pb::STATISTIC_SUM,
       RE2(R"(\b(?:total|altogether|insgesamt|summe)\b|in all\b|en total|au total|no total|总共|总计|合計)")},
      {pb::STATISTIC_STDDEV,
       RE2(R"(standard deviation|standardabweichung|desviación|écart.type|desvio|标准差|標準偏差)")},
  };
  for (const StatisticWords& each : kWords) {
    Each(plain, each.words, [&](size_t begin, size_t, std::string_view) {
      mentions.push_back({.aspect = Mention::Aspect::kStatistic, .at = begin, .statistic = each.statistic});
    });
  }
  static const RE2& percentile = *new RE2(
      R"(\bp\s?\d+(?:\.\d+)?\b|\d+(?:[.,]\d+)?(?:st|nd|rd|th|\.|e|er|eme|º|o|°|-)?\s*(?:个)?\s*(?:percentile|perzentil|percentil|centile|百分位|パーセンタイル)|(?:percentile|perzentil|percentil|centile)\s*\d+)");
  Each(plain, percentile, [&](size_t begin, size_t, std::string_view words) {
    std::string digits;
    for (const char c : words) {
      if ((c >= '0' && c <= '9') || (c == '.' && !digits.empty())) digits += c;
    }
    while (digits.ends_with('.')) digits.pop_back();
    Mention mention{.aspect = Mention::Aspect::kStatistic, .at = begin, .statistic = pb::STATISTIC_PERCENTILE};
    if (!absl::SimpleAtod(digits, &mention.percentile)) mention.percentile = -1;
    mentions.push_back(mention);
  });
}

void AddMeasures(std::string_view plain, std::vector<Mention>& mentions) {
  struct Words {
    pb::Measure measure;
    RE2 words;
  };
  static const Words kWords[] = {
      {pb::MEASURE_TTFT,
       RE2(R"(first token|\bttft\b|ersten? token|primer token|premier token|primeiro token|首个?\s*token|最初のトークン)")},
      {pb::MEASURE_LATENCY,
       RE2(R"(\blatency\b|latenz|latencia|latence|latência|延迟|レイテンシ|response time|antwortzeit)")},
      {pb::MEASURE_OUTPUT_TOKENS,
       RE2(R"(output token|ausgabe-?token|tokens de salida|tokens de sortie|tokens de saída|输出\s*token|出力トークン)")},
      {pb::MEASURE_INPUT_TOKENS,
       RE2(R"(input token|eingabe-?token|tokens de entrada|tokens d.entrée|输入\s*token|入力トークン)")},
  };
  for (const Words& each : kWords) {
    Each(plain, each.words, [&](size_t begin, size_t, std::string_view) {
      mentions.push_back({.aspect = Mention::Aspect::kMeasure, .at = begin, .measure = each.measure});
    });
  }
}

void AddVerdicts(std::string_view plain, std::vector<Mention>& mentions) {
  static const RE2& checks = *new RE2(
      R"(\bchecks?\b|expected answer|prüfung|erwartete|comprobaci|respuesta esperada|vérification|réponse attendue|verificaç|resposta esperada|检查|预期|チェック|期待)");
  const bool of_checks = RE2::PartialMatch(Piece(plain), checks);
  struct Words {
    Verdict verdict;
    RE2 words;
  };
  static const Words kWords[] = {
      {Verdict::kFailure,
       RE2(R"(\b(?:fail\w*|error\w*|broke\w*)|fehl|gescheitert|scheiter|\bfall[oaóe]\w*|errores|échou|échec|erreur|falh|\berros?\b|失败|错误|失敗|エラー|not succeed|unsuccessful|did not pass)")},
      {Verdict::kTimeout,
       RE2(R"(time-?outs?|timed out|zeitüberschreit|agotaron el tiempo|délai dépassé|tempo esgotado|超时|タイムアウト)")},
      {Verdict::kSuccess,
       RE2(R"(\b(?:succe\w*|completed|worked|passed|passing)|erfolg|exitos|éxito|réussi|succès|sucesso|bem-sucedid|成功)")},
      {Verdict::kCut, RE2(R"(truncat|cut off|abgeschnitten|cortad|tronqu|truncad|截断|切れ)")},
      {Verdict::kWithoutText,
       RE2(R"(no text|without (?:any )?text|\bempty\b|ohne text|sin texto|sans texte|sem texto|没有文本|テキストなし)")},
  };
  for (const Words& each : kWords) {
    Each(plain, each.words, [&](size_t begin, size_t, std::string_view) {
      Verdict verdict = each.verdict;
      if (of_checks && verdict == Verdict::kFailure) verdict = Verdict::kChecksFailed;
      if (of_checks && verdict == Verdict::kSuccess) verdict = Verdict::kChecksPassed;
      mentions.push_back({.aspect = Mention::Aspect::kVerdict, .at = begin, .verdict = verdict});
    });
  }
}

}  // namespace

std::vector<Mention> MentionsIn(std::string_view plain) {
  std::vector<Mention> mentions;
  AddStatistics(plain, mentions);
  AddMeasures(plain, mentions);
  AddVerdicts(plain, mentions);
  return mentions;
}

std::vector<Relation> RelationsIn(std::string_view plain) {
  struct Words {
    int direction;
    RE2 words;
  };
  static const Words
      kWords[] =
          {
              {1,
               RE2(R"(\b(?:higher|slower|longer|greater|larger|bigger|more(?:\s+\w+)?)\s+than\b|\b(?:higher|slower|longer|greater|larger|bigger)\b|\babove\b|\bexceed\w*|\bover\s+(?:the\s+)?(?:average|mean|median)|\b(?:höher|langsamer|länger|grösser|mehr)(?:\s+als)?\b|übersteig|überschreit|\b(?:mayor|más\s+\S+)\s+que\b|por encima|supera|supérieur|plus\s+\S+\s+que|dépass|\bmaior\b|mais\s+\S+\s+(?:do\s+)?que|acima|高于|慢于|超过|多于|大于|更[高慢长多大]|比[^,。]{1,40}[高慢长多大]|より[^、。]{0,30}(?:高|遅|長|多|大)|上回|超え)")},
              {-1,
               RE2(R"(\b(?:lower|faster|quicker|shorter|smaller|fewer|less(?:\s+\w+)?)\s+than\b|\b(?:lower|faster|quicker|shorter|smaller)\b|\bbelow\b|\bunder\s+(?:the\s+)?(?:average|mean|median)|\b(?:niedriger|schneller|kürzer|kleiner|weniger)(?:\s+als)?\b|unterschreit|\b(?:menor|menos\s+\S+)\s+que\b|por debajo|inférieur|moins\s+\S+\s+que|\bmenor\b|menos\s+\S+\s+(?:do\s+)?que|abaixo|低于|快于|少于|小于|更[低快短少小]|比[^,。]{1,40}[低快短少小]|より[^、。]{0,30}(?:低|速|短|少|小)|下回)")},
              {0,
               RE2(R"(\b(?:doubl\w*|tripl\w*|quadrupl\w*|twice|thrice|halv\w*|\w*fold|times\s+(?:as|more|faster|slower|higher|the))\b|\d\s*(?:x|×)(?:\s|\.|,|$)|\b(?:increas|decreas|improv|declin|grew|grow|rose|risen|dropp|worsen|outperform|degrad)\w*|\b(?:better|worse)\b|\bdiffer\w*|compared (?:to|with)|\bversus\b|\bvs\b|doppelt|verdoppel|dreifach|halbier|halb so|gestiegen|gesunken|verbessert|verschlechtert|\bbesser\b|schlechter|unterschied|\bdoble|duplic|triplic|aument|disminu|mejor|peor|diferenc|\bdoubl|tripl|deux fois|trois fois|augment|diminu|amélior|meilleur|\bpire\b|différen|dobro|dobrou|melhor|\bpior\b|diminu|diferenç|倍|翻番|增加|减少|提高|下降|改善|恶化|差异|更好|更差|悪化|増加|減少|向上)")},
          };
  std::vector<Relation> relations;
  for (const Words& each : kWords) {
    Each(plain, each.words, [&](size_t begin, size_t end, std::string_view) {
      relations.push_back({begin, end, each.direction});
    });
  }
  return relations;
}

double QuantifiedShare(std::string_view plain) {
  static const RE2& all = *new RE2(
      R"(\b(?:all|every|each|both|everything|always|alle|jeder|jede|todos|todas|tous|toutes)\b(?:\s+\S+){0,3}?\s+(?:prompts?|calls?|requests?|responses?|answers?|results?|of them|checks?|aufrufe|anfragen|antworten|llamadas|solicitudes|respuestas|appels|requêtes|réponses|chamadas|pedidos|respostas|succe\w*|fail\w*|pass\w*|completed)|\balways\s+(?:succe\w*|fail\w*)|(?:所有|全部)[^。]{0,12}(?:提示|请求|响应|回答|成功|失败)|(?:すべて|全て|全件)[^。]{0,16}(?:プロンプト|成功|失敗))");
  static const RE2& none = *new RE2(
      R"(\b(?:none|no one|nothing|never)\b|\bno\s+(?:\S+\s+){0,2}?(?:prompts?|calls?|requests?|failures?|errors?|time-?outs?|responses?)\b|\bkeiner?\b|\bkeine[nrs]?\s+(?:\S+\s+)?(?:prompts?|fehler|aufrufe?|anfragen?|antworten)|ningun[oa]?|ningún|aucune?|nenhuma?|(?:没有|无)[^。]{0,6}(?:失败|错误|超时)|(?:失敗|エラー)[^。]{0,4}(?:ありません|なし|ない))");
  static const RE2& most = *new RE2(
      R"(\b(?:most|majority|mostly|meisten|mehrheit|mayoría|plupart|majorité|maioria)\b|大多数|大部分|ほとんど|大半|過半数)");
  if (RE2::PartialMatch(Piece(plain), none)) return 0;
  if (RE2::PartialMatch(Piece(plain), all)) return 100;
  if (RE2::PartialMatch(Piece(plain), most)) return 51;
  return -1;
}

}  // namespace ftl::analytics
