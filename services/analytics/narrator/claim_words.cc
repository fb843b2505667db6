#include "services/analytics/narrator/claim_words.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>

namespace ftl::analytics {
namespace {

constexpr UnitWord kUnits[] = {
    {"tokens per second", Unit::kPerSecond},
    {"token per second", Unit::kPerSecond},
    {"tokens a second", Unit::kPerSecond},
    {"tokens/s", Unit::kPerSecond},
    {"tok/s", Unit::kPerSecond},
    {"tps", Unit::kPerSecond},
    {"tokens pro sekunde", Unit::kPerSecond},
    {"token pro sekunde", Unit::kPerSecond},
    {"tokens por segundo", Unit::kPerSecond},
    {"tokens par seconde", Unit::kPerSecond},
    {"requests per second", Unit::kPerSecond},
    {"anfragen pro sekunde", Unit::kPerSecond},
    {"トークン/秒", Unit::kPerSecond},
    {"个token/秒", Unit::kPerSecond},
    {"token/秒", Unit::kPerSecond},
    {"ms", Unit::kMilliseconds},
    {"msec", Unit::kMilliseconds},
    {"millisecond", Unit::kMilliseconds},
    {"milliseconds", Unit::kMilliseconds},
    {"millisekunde", Unit::kMilliseconds},
    {"millisekunden", Unit::kMilliseconds},
    {"milisegundo", Unit::kMilliseconds},
    {"milisegundos", Unit::kMilliseconds},
    {"milliseconde", Unit::kMilliseconds},
    {"millisecondes", Unit::kMilliseconds},
    {"milissegundo", Unit::kMilliseconds},
    {"milissegundos", Unit::kMilliseconds},
    {"毫秒", Unit::kMilliseconds},
    {"ミリ秒", Unit::kMilliseconds},
    {"μs", Unit::kMilliseconds, 0.001},
    {"microseconds", Unit::kMilliseconds, 0.001},
    {"s", Unit::kMilliseconds, 1000},
    {"sec", Unit::kMilliseconds, 1000},
    {"secs", Unit::kMilliseconds, 1000},
    {"second", Unit::kMilliseconds, 1000},
    {"seconds", Unit::kMilliseconds, 1000},
    {"sek", Unit::kMilliseconds, 1000},
    {"sekunde", Unit::kMilliseconds, 1000},
    {"sekunden", Unit::kMilliseconds, 1000},
    {"segundo", Unit::kMilliseconds, 1000},
    {"segundos", Unit::kMilliseconds, 1000},
    {"seconde", Unit::kMilliseconds, 1000},
    {"secondes", Unit::kMilliseconds, 1000},
    {"秒", Unit::kMilliseconds, 1000},
    {"min", Unit::kMilliseconds, 60'000},
    {"mins", Unit::kMilliseconds, 60'000},
    {"minute", Unit::kMilliseconds, 60'000},
    {"minutes", Unit::kMilliseconds, 60'000},
    {"minuten", Unit::kMilliseconds, 60'000},
    {"minuto", Unit::kMilliseconds, 60'000},
    {"minutos", Unit::kMilliseconds, 60'000},
    {"分钟", Unit::kMilliseconds, 60'000},
    {"分", Unit::kMilliseconds, 60'000},
    {"h", Unit::kMilliseconds, 3'600'000},
    {"hour", Unit::kMilliseconds, 3'600'000},
    {"hours", Unit::kMilliseconds, 3'600'000},
    {"stunde", Unit::kMilliseconds, 3'600'000},
    {"stunden", Unit::kMilliseconds, 3'600'000},
    {"hora", Unit::kMilliseconds, 3'600'000},
    {"horas", Unit::kMilliseconds, 3'600'000},
    {"heure", Unit::kMilliseconds, 3'600'000},
    {"heures", Unit::kMilliseconds, 3'600'000},
    {"小时", Unit::kMilliseconds, 3'600'000},
    {"時間", Unit::kMilliseconds, 3'600'000},
    {"percentage points", Unit::kNumber, 1, true},
    {"percentage point", Unit::kNumber, 1, true},
    {"prozentpunkte", Unit::kNumber, 1, true},
    {"puntos porcentuales", Unit::kNumber, 1, true},
    {"points de pourcentage", Unit::kNumber, 1, true},
    {"pontos percentuais", Unit::kNumber, 1, true},
    {"个百分点", Unit::kNumber, 1, true},
    {"ポイント", Unit::kNumber, 1, true},
    {"%", Unit::kPerCent},
    {"percent", Unit::kPerCent},
    {"per cent", Unit::kPerCent},
    {"prozent", Unit::kPerCent},
    {"por ciento", Unit::kPerCent},
    {"pour cent", Unit::kPerCent},
    {"pour-cent", Unit::kPerCent},
    {"por cento", Unit::kPerCent},
    {"パーセント", Unit::kPerCent},
    {"割", Unit::kPerCent, 10},
    {"成", Unit::kPerCent, 10},
    {"token", Unit::kTokens},
    {"tokens", Unit::kTokens},
    {"个token", Unit::kTokens},
    {"jetons", Unit::kTokens},
    {"トークン", Unit::kTokens},
    {"令牌", Unit::kTokens},
    {"个令牌", Unit::kTokens},
    {"词元", Unit::kTokens},
    {"character", Unit::kCharacters},
    {"characters", Unit::kCharacters},
    {"chars", Unit::kCharacters},
    {"zeichen", Unit::kCharacters},
    {"caracteres", Unit::kCharacters},
    {"carácter", Unit::kCharacters},
    {"caractère", Unit::kCharacters},
    {"caractères", Unit::kCharacters},
    {"caractere", Unit::kCharacters},
    {"字符", Unit::kCharacters},
    {"个字符", Unit::kCharacters},
    {"文字", Unit::kCharacters},
    {"字", Unit::kCharacters},
    {"word", Unit::kWords},
    {"words", Unit::kWords},
    {"wort", Unit::kWords},
    {"wörter", Unit::kWords},
    {"palabra", Unit::kWords},
    {"palabras", Unit::kWords},
    {"mot", Unit::kWords},
    {"mots", Unit::kWords},
    {"palavra", Unit::kWords},
    {"palavras", Unit::kWords},
    {"个词", Unit::kWords},
    {"単語", Unit::kWords},
    {"attempt", Unit::kAttempts},
    {"attempts", Unit::kAttempts},
    {"versuch", Unit::kAttempts},
    {"versuche", Unit::kAttempts},
    {"intento", Unit::kAttempts},
    {"intentos", Unit::kAttempts},
    {"tentative", Unit::kAttempts},
    {"tentatives", Unit::kAttempts},
    {"tentativa", Unit::kAttempts},
    {"tentativas", Unit::kAttempts},
    {"retries", Unit::kAttempts},
    {"retry", Unit::kAttempts},
    {"$", Unit::kNumber, 1, true},
    {"€", Unit::kNumber, 1, true},
    {"dollars", Unit::kNumber, 1, true},
    {"euros", Unit::kNumber, 1, true},
    {"euro", Unit::kNumber, 1, true},
    {"usd", Unit::kNumber, 1, true},
    {"cents", Unit::kNumber, 1, true},
    {"gb", Unit::kNumber, 1, true},
    {"mb", Unit::kNumber, 1, true},
    {"kb", Unit::kNumber, 1, true},
    {"bytes", Unit::kNumber, 1, true},
    {"days", Unit::kNumber, 1, true},
    {"tage", Unit::kNumber, 1, true},
    {"天", Unit::kNumber, 1, true},
    {"日", Unit::kNumber, 1, true},
};

constexpr std::string_view kCounted[] = {
    "prompt",
    "prompts",
    "call",
    "calls",
    "request",
    "requests",
    "response",
    "responses",
    "answer",
    "answers",
    "result",
    "results",
    "run",
    "runs",
    "test",
    "tests",
    "case",
    "cases",
    "check",
    "checks",
    "failure",
    "failures",
    "error",
    "errors",
    "timeout",
    "timeouts",
    "time-out",
    "time-outs",
    "value",
    "values",
    "success",
    "successes",
    "question",
    "questions",
    "category",
    "categories",
    "aufruf",
    "aufrufe",
    "aufrufen",
    "anfrage",
    "anfragen",
    "antwort",
    "antworten",
    "ergebnis",
    "ergebnisse",
    "ergebnissen",
    "fehler",
    "fehlern",
    "zeitüberschreitung",
    "zeitüberschreitungen",
    "prüfung",
    "prüfungen",
    "lauf",
    "läufe",
    "llamada",
    "llamadas",
    "solicitud",
    "solicitudes",
    "respuesta",
    "respuestas",
    "resultado",
    "resultados",
    "errores",
    "fallo",
    "fallos",
    "comprobaciones",
    "ejecuciones",
    "appel",
    "appels",
    "requête",
    "requêtes",
    "réponse",
    "réponses",
    "résultat",
    "résultats",
    "erreur",
    "erreurs",
    "échec",
    "échecs",
    "vérifications",
    "exécutions",
    "chamada",
    "chamadas",
    "pedido",
    "pedidos",
    "resposta",
    "respostas",
    "erro",
    "erros",
    "falha",
    "falhas",
    "verificações",
    "execuções",
    "个",
    "条",
    "次",
    "项",
    "件",
    "個",
    "回",
    "つ",
    "本",
    "プロンプト",
    "提示",
    "请求",
    "响应",
    "回答",
    "失败",
    "错误",
    "失敗",
    "エラー",
};

constexpr std::string_view kFillers[] = {
    "successful",
    "failed",
    "failing",
    "output",
    "input",
    "total",
    "completed",
    "timed-out",
    "whole",
    "different",
    "reasoning",
    "erfolgreiche",
    "erfolgreichen",
    "fehlgeschlagene",
    "fehlgeschlagenen",
    "ausgabe",
    "eingabe",
    "exitosas",
    "exitosos",
    "fallidas",
    "fallidos",
    "réussis",
    "réussies",
    "échoués",
    "bem-sucedidas",
    "com falha",
    "成功",
    "成功的",
    "失败的",
    "成功した",
    "失敗した",
    "的",
    "の",
    "of the",
    "den",
    "der",
    "输出",
    "输入",
    "出力",
    "入力",
};

const std::set<std::string_view>& FunctionWords() {
  static const auto& words = *new std::set<std::string_view>{
      "of",          "out",    "in",    "on",      "at",       "to",       "and",          "or",
      "but",         "for",    "with",  "per",     "by",       "from",     "the",          "a",
      "an",          "this",   "that",  "these",   "those",    "which",    "so",           "as",
      "than",        "only",   "all",   "overall", "is",       "are",      "was",          "were",
      "be",          "did",    "does",  "do",      "have",     "has",      "had",          "failed",
      "succeeded",   "passed", "timed", "took",    "ended",    "got",      "completed",    "mentioned",
      "worked",      "while",  "not",   "could",   "should",   "would",    "may",          "it",
      "they",        "you",    "your",  "over",    "under",    "then",     "respectively", "von",
      "und",         "oder",   "aber",  "sind",    "ist",      "war",      "waren",        "haben",
      "hat",         "hatten", "bei",   "für",     "mit",      "im",       "an",           "aus",
      "die",         "der",    "das",   "den",     "als",      "nicht",    "erfolgreich",  "fehlgeschlagen",
      "scheiterten", "de",     "del",   "y",       "o",        "pero",     "es",           "son",
      "fue",         "fueron", "ha",    "han",     "en",       "con",      "para",         "por",
      "los",         "las",    "el",    "la",      "fallaron", "falló",    "sur",          "et",
      "ou",          "mais",   "est",   "sont",    "était",    "étaient",  "ont",          "a",
      "dans",        "avec",   "pour",  "les",     "le",       "des",      "échoué",       "réussi",
      "e",           "mas",    "é",     "são",     "foi",      "foram",    "tem",          "têm",
      "em",          "com",    "para",  "os",      "as",       "falharam", "falhou",       "no",
      "na"};
  return words;
}

const std::map<std::string, double>& NumberWords() {
  static const auto& words = *[] {
    auto* made = new std::map<std::string, double>;
    auto add = [&](double first, double step, std::initializer_list<const char*> names) {
      for (const char* name : names) {
        if (*name) made->emplace(name, first);
        first += step;
      }
    };
    add(0, 1, {"zero",     "",        "two",     "three",     "four",     "five",    "six",
               "seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",  "thirteen",
               "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"});
    add(20, 10, {"twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"});
    add(0, 1,
        {"null", "eins", "zwei",  "drei",     "vier",     "fünf",     "sechs",    "sieben",   "acht",     "neun",
         "zehn", "elf",  "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"});
    const std::array<const char*, 8> tens = {"zwanzig", "dreissig", "vierzig", "fünfzig",
                                             "sechzig", "siebzig",  "achtzig", "neunzig"};
    const std::array<const char*, 9> ones = {"ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"};
    for (size_t ten = 0; ten < tens.size(); ++ten) {
      made->emplace(tens[ten], 20.0 + 10.0 * static_cast<double>(ten));
      for (size_t one = 0; one < ones.size(); ++one) {
        made->emplace(std::string(ones[one]) + "und" + tens[ten],
                      21.0 + 10.0 * static_cast<double>(ten) + static_cast<double>(one));
      }
    }
    for (size_t one = 0; one < ones.size(); ++one) {
      made->emplace(std::string(ones[one]) + "hundert", 100.0 * static_cast<double>(one + 1));
      made->emplace(std::string(ones[one]) + "tausend", 1000.0 * static_cast<double>(one + 1));
    }
    add(0, 1, {"cero",        "",           "dos",         "tres",       "cuatro",
               "cinco",       "seis",       "siete",       "ocho",       "nueve",
               "diez",        "",           "doce",        "trece",      "catorce",
               "quince",      "dieciséis",  "diecisiete",  "dieciocho",  "diecinueve",
               "veinte",      "veintiuno",  "veintidós",   "veintitrés", "veinticuatro",
               "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve"});
    add(30, 10, {"treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"});
    add(0, 1,
        {"zéro", "", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
         "quatorze", "quinze", "seize"});
    add(20, 10, {"vingt", "trente", "quarante", "cinquante", "soixante"});
    made->emplace("vingts", 20);
    add(0, 1, {"",    "", "dois", "três",  "quatro",   "", "",          "sete",      "oito",    "nove",
               "dez", "", "doze", "treze", "quatorze", "", "dezesseis", "dezessete", "dezoito", "dezenove"});
    add(20, 10, {"vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa"});
    for (const char* word : {"duas"}) made->emplace(word, 2);
    for (const char* word : {"hundred", "hundert", "cien", "ciento", "cent", "cents", "cem", "cento"}) {
      made->emplace(word, 100);
    }
    for (const char* word : {"thousand", "tausend", "mil", "mille"}) made->emplace(word, 1000);
    for (const char* word : {"million", "millions", "millionen", "millón", "millones", "milhão", "milhões"}) {
      made->emplace(word, 1e6);
    }
    made->emplace("dozen", 12);
    made->emplace("dutzend", 12);
    return made;
  }();
  return words;
}

// A character of three bytes as the numeral it is; negative for none.
double NumeralAt(std::string_view text) {
  static constexpr std::pair<std::string_view, double> kNumerals[] = {
      {"零", 0}, {"〇", 0}, {"一", 1}, {"二", 2},  {"两", 2},   {"三", 3},    {"四", 4},     {"五", 5},   {"六", 6},
      {"七", 7}, {"八", 8}, {"九", 9}, {"十", 10}, {"百", 100}, {"千", 1000}, {"万", 10000}, {"億", 1e8}, {"亿", 1e8}};
  for (const auto& [numeral, value] : kNumerals) {
    if (text.substr(0, numeral.size()) == numeral) return value;
  }
  return -1;
}

std::optional<WordNumber> NumeralsAt(std::string_view text) {
  double total = 0;
  double section = 0;
  double digit = 0;
  size_t size = 0;
  size_t numerals = 0;
  for (double value = NumeralAt(text); value >= 0; value = NumeralAt(text.substr(size))) {
    if (value < 10) {
      digit = value;
    } else if (value < 10000) {
      section += (digit == 0 ? 1 : digit) * value;
      digit = 0;
    } else {
      total += (section + digit) * value;
      section = digit = 0;
    }
    size += 3;
    ++numerals;
  }
  if (numerals == 0) return std::nullopt;
  const double value = total + section + digit;
  // 一 and 十 stand in many words that count nothing, 十分 and 万一 among them.
  const std::string_view rest = text.substr(size);
  if (text.substr(0, size) == "万一" || (text.substr(0, size) == "十" && rest.substr(0, 3) == "分"))
    return std::nullopt;
  if (numerals == 1 && (value == 1 || UnitAt(rest) == nullptr)) return std::nullopt;
  return WordNumber{value, size};
}

size_t JoinerAt(std::string_view text) {
  for (const std::string_view joiner : {" and ", " y ", " et ", " e ", "-", " "}) {
    if (text.substr(0, joiner.size()) == joiner) return joiner.size();
  }
  return 0;
}

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0xC3;
}

}  // namespace

size_t WordSize(std::string_view text) {
  size_t size = 0;
  while (size < text.size()) {
    const auto byte = static_cast<unsigned char>(text[size]);
    if ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) {
      ++size;
    } else if (byte >= 0xC3 && byte <= 0xCF && size + 1 < text.size()) {
      size += 2;  // Latin letters with marks, Greek
    } else {
      break;
    }
  }
  return size;
}

const UnitWord* UnitAt(std::string_view text) {
  static constexpr UnitWord kCount{"", Unit::kCount};
  static thread_local UnitWord counted = kCount;
  const UnitWord* longest = nullptr;
  const size_t word = WordSize(text);
  auto fits = [&](std::string_view name) {
    if (text.substr(0, name.size()) != name) return false;
    // A word of letters ends where it ends.
    return !IsWordByte(name.back()) || static_cast<unsigned char>(name.back()) >= 0x80 ||
           WordSize(text.substr(name.size())) == 0 || word == 0;
  };
  for (const UnitWord& unit : kUnits) {
    if (fits(unit.word) && (!longest || unit.word.size() > longest->word.size())) longest = &unit;
  }
  for (const std::string_view name : kCounted) {
    if (!fits(name) || (longest && longest->word.size() >= name.size())) continue;
    counted = {name, Unit::kCount};
    longest = &counted;
  }
  return longest;
}

size_t FillerAt(std::string_view text) {
  size_t longest = 0;
  for (const std::string_view filler : kFillers) {
    if (text.substr(0, filler.size()) == filler) longest = std::max(longest, filler.size());
  }
  return longest;
}

bool IsFunctionWord(std::string_view word) { return FunctionWords().count(word) > 0; }

std::optional<WordNumber> NumberWordsAt(std::string_view text) {
  if (const auto numerals = NumeralsAt(text)) return numerals;
  double total = 0;
  double current = 0;
  double last = 0;
  size_t size = 0;
  bool any = false;
  for (size_t at = 0; at < text.size();) {
    const size_t length = WordSize(text.substr(at));
    const auto word = NumberWords().find(std::string(text.substr(at, length)));
    if (length == 0 || word == NumberWords().end()) break;
    const double value = word->second;
    // `five six` are two numbers, `twenty six` is one.
    if (any && value < 100 && last < 100 && !(last >= 20 && value < last) && !(last == 4 && value == 20)) break;
    if (value >= 1000) {
      total += (current == 0 ? 1 : current) * value;
      current = 0;
    } else if (value == 100) {
      current = (current == 0 ? 1 : current) * 100;
    } else if (last == 4 && value == 20) {
      current = current - 4 + 80;  // quatre-vingts
    } else {
      current += value;
    }
    last = value == 20 && last == 4 ? 80 : value;
    any = true;
    size = at + length;
    at = size + JoinerAt(text.substr(size));
    if (at == size) break;
  }
  if (!any) return std::nullopt;
  return WordNumber{total + current, size};
}

}  // namespace ftl::analytics
