#include "services/analytics/planner/lexicon.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "common/text/view.h"
#include "services/analytics/planner/planner.h"

namespace ftl::analytics {
namespace {

struct Entry {
  Concept meaning;
  int value;
  double number;
  std::string_view text;
  std::string_view phrases;  // with bars between; plural endings do not matter
};

constexpr int Of(Topic topic) { return static_cast<int>(topic); }

// English first, then what people write in German, French, Spanish, Italian and Portuguese. Without accents.
constexpr Entry kEntries[] = {
    // What is measured.
    {Concept::kMeasure, pb::MEASURE_LATENCY, 0, "",
     "latency|response time|reply time|answer time|time to respond|time to answer|time to reply|time to complete|time "
     "to finish|duration|time taken|"
     "elapsed time|speed|response speed|round trip|round trip time|end to end|end to end latency|e2e|wait time|waiting "
     "time|"
     "runtime|run time|call time|request time|execution time|time|timing|delay|lag|how fast|how slow|how quick|how "
     "quickly|slow|fast|quick|latenz|antwortzeit|"
     "latence|temps de reponse|latencia|tiempo de respuesta|latenza|tempo di risposta|tempo de "
     "resposta|dauer|zeit|schnell|lento|lent|rapido|rapide"},
    {Concept::kMeasure, pb::MEASURE_TTFT, 0, "",
     "ttft|time to first token|time to the first token|first token|first token latency|first token time|time till "
     "first token|time until first token|"
     "time until the first token|time before first token|time to first byte|first byte|ttfb|time to first word|time to "
     "first response|start streaming|time to first|erstes token|"
     "zeit bis zum ersten token|premier token|temps jusquau premier token|primer token|tiempo hasta el primer "
     "token|primo token|primeiro token"},
    {Concept::kMeasure, pb::MEASURE_ITL, 0, "",
     "inter token latency|intertoken latency|itl|inter token|time between token|gap between token|time per output "
     "token|time per token|tpot|token latency"},
    {Concept::kMeasure, pb::MEASURE_TOKENS_PER_SECOND, 0, "",
     "token per second|token per sec|token a second|token every second|tps|token s|tok s|token "
     "sec|throughput|generation speed|generation rate|token rate|token speed|output speed|"
     "output rate|output token per second|decoding speed|token pro sekunde|token par seconde|jeton par seconde|token "
     "por segundo|token al secondo"},
    {Concept::kMeasure, pb::MEASURE_INPUT_TOKENS, 0, "",
     "input token|prompt token|token in|token sent|token in the prompt|tokens of input|token of input|input "
     "size|prompt length|prompt size|eingabetoken|eingabe token|token dentree|jeton dentree|token de entrada|token di "
     "input"},
    {Concept::kMeasure, pb::MEASURE_OUTPUT_TOKENS, 0, "",
     "output token|completion token|generated token|response token|answer token|reply token|token generated|token "
     "produced|token received|token out|"
     "token in the response|token in the answer|token of output|token per response|token per answer|token per "
     "reply|token per completion|response length in token|length in token|output size|ausgabetoken|ausgabe token|token "
     "de sortie|jeton de sortie|token de salida|token di output|token de saida"},
    {Concept::kTokens, 0, 0, "", "token|tok|jeton|tokken"},
    {Concept::kMeasure, pb::MEASURE_TOTAL_TOKENS, 0, "",
     "token usage|token consumption|token used|token spent|token use|token consumed|all token|combined token|overall "
     "token|input and output token|input plus output token|input vs output token|input versus output token|input v "
     "output token|token in and out|usage|tokenverbrauch"},
    {Concept::kMeasure, pb::MEASURE_RESPONSE_CHARACTERS, 0, "",
     "character|char|response length in character|length in "
     "character|letter|zeichen|caractere|caracter|carattere|caratteri"},
    {Concept::kMeasure, pb::MEASURE_RESPONSE_WORDS, 0, "",
     "word|word count|response length in word|length in word|worter|woerter|mot|palabra|parole|palavra"},
    {Concept::kMeasure, pb::MEASURE_RESPONSE_LENGTH, 0, "",
     "response length|answer length|reply length|output length|completion length|message length|length|length of the "
     "response|length of response|length of the answer|length of answer|size of the response|size of response|response "
     "size|answer size|verbosity|how verbose|how wordy|verbose|long are the response|long are response|"
     "long are the answer|long are answer|long are my response|long are my answer|long is the response|long is the "
     "answer|long were the response|long were the answer|long was the response|long is a response|long is the average "
     "response|long is an average response|long are the reply|antwortlange|lange der antworten|lange der "
     "antwort|longueur|longueur des reponses|longitud|longitud de las respuestas|lunghezza|comprimento"},
    {Concept::kMeasure, pb::MEASURE_SUCCESS, 0, "",
     "success rate|completion rate|rate of success|successful rate|success ratio|success "
     "percentage|reliability|reliable|erfolgsquote|erfolgsrate|taux de reussite|taux de succes|tasa de exito|tasso di "
     "successo|taxa de sucesso"},
    {Concept::kMeasure, pb::MEASURE_ATTEMPTS, 0, "",
     "attempt|number of attempt|try|call made|versuche|versuch|tentative|intento"},
    {Concept::kMeasure, pb::MEASURE_CHECKS, 0, "",
     "check|expected answer|expected result|expectation|assertion|pass rate|check pass rate|passing "
     "rate|correct|correctly|correctness|accuracy|accurate|right answer|correct answer|answered "
     "correctly|genauigkeit|exactitude|precision rate"},

    // What is made of it.
    {Concept::kStatistic, pb::STATISTIC_MEAN, 0, "",
     "average|averaged|avg|avrg|mean|on average|in "
     "average|durchschnitt|durchschnittlich|durchschnittliche|durchschnittlichen|im durchschnitt|im "
     "schnitt|mittelwert|mittlere|mittleren|moyenne|moyen|en moyenne|"
     "promedio|en promedio|media|medio|em media|in media|gemiddelde|gemiddeld|per response on average"},
    {Concept::kStatistic, pb::STATISTIC_MEDIAN, 0, "", "median|middle value|typical|typically|mediane|mediana|mediano"},
    {Concept::kStatistic, pb::STATISTIC_MAX, 0, "",
     "max|maximum|maximal|maximale|maxi|peak|maximo|massimo|massima|maxima"},
    {Concept::kStatistic, pb::STATISTIC_MIN, 0, "", "min|minimum|minimal|minimale|mini|minimo|minima"},
    {Concept::kStatistic, pb::STATISTIC_SUM, 0, "",
     "total|in total|sum|sum of|altogether|in all|all "
     "together|combined|cumulative|overall|gesamt|insgesamt|gesamte|gesamtzahl|totale|au total|totaux|somme|en "
     "total|totales|suma"},
    {Concept::kStatistic, pb::STATISTIC_STDDEV, 0, "",
     "standard deviation|standard dev|std dev|std|stddev|stdev|sd|sigma|variance|variation|variability|how "
     "variable|how consistent|consistency|consistent|jitter|standardabweichung|ecart type|desviacion "
     "estandar|deviazione standard"},
    {Concept::kStatistic, pb::STATISTIC_DISTRIBUTION, 0, "",
     "distribution|distributed|histogram|bucket|spread|spread out|range "
     "of|verteilung|repartition|distribucion|distribuzione|distribuicao|histogramm|histogramme|histograma"},
    {Concept::kPercentile, 0, 75, "", "upper quartile|third quartile|top quartile"},
    {Concept::kPercentile, 0, 25, "", "lower quartile|first quartile|bottom quartile"},
    {Concept::kPercentile, 0, 99, "", "tail latency|tail"},

    // What is first.
    {Concept::kRanking, pb::MEASURE_LATENCY, 1, "",
     "slowest|most slow|slower|took the longest|taking the longest|take the longest|took longest|take longest|longest "
     "latency|longest running|longest response time|longest time|longest duration|longest wait|longest to "
     "respond|longest to answer|longest to complete|longest to finish|took the most time|take the most time|took most "
     "time|most time|highest latency|worst latency|largest latency|biggest latency|greatest latency|slowest response "
     "time|slowest latency|slow one|slow prompt|slow request|slow response|slow query|slow test|outlier|worst "
     "performing|worst performer|worst response time|bottleneck|"
     "langsamste|langsamsten|langsamster|am langsamsten|plus lent|plus lente|plus lents|plus lentes|mas lento|mas "
     "lenta|mas lentos|mas lentas|piu lento|piu lenti|piu lenta|piu lente|mais lento|mais lenta|mais lentos|mais "
     "lentas"},
    {Concept::kRanking, pb::MEASURE_LATENCY, -1, "",
     "fastest|quickest|speediest|most fast|took the shortest|took the least time|take the least time|least "
     "time|shortest time|shortest latency|shortest response time|shortest duration|lowest latency|best "
     "latency|smallest latency|fastest response time|best response time|fast one|best performing|best performer|"
     "schnellste|schnellsten|schnellster|am schnellsten|plus rapide|plus vite|mas rapido|mas rapida|mas rapidos|mas "
     "rapidas|piu veloce|piu veloci|piu rapido|piu rapidi|mais rapido|mais rapida|mais rapidos|mais rapidas"},
    {Concept::kRanking, pb::MEASURE_TTFT, 1, "",
     "slowest first token|slowest time to first token|longest time to first token|slowest ttft|worst ttft|highest "
     "ttft|longest ttft|slowest to start"},
    {Concept::kRanking, pb::MEASURE_TTFT, -1, "",
     "fastest first token|fastest time to first token|shortest time to first token|fastest ttft|best ttft|lowest "
     "ttft|shortest ttft|fastest to start|quickest to start"},
    {Concept::kRanking, pb::MEASURE_RESPONSE_LENGTH, 1, "",
     "longest|longer|most verbose|wordiest|largest response|biggest response|largest answer|biggest answer|largest "
     "output|biggest output|longest output|longest response|longest answer|longest reply|langste|langsten|am "
     "langsten|plus longue|plus longues|plus longs|plus long|mas larga|mas largas|mas largo|mas largos|piu lunga|piu "
     "lunghe|piu lungo|mais longa|mais longas"},
    {Concept::kRanking, pb::MEASURE_RESPONSE_LENGTH, -1, "",
     "shortest|shorter|least verbose|tersest|briefest|smallest response|smallest answer|smallest output|shortest "
     "output|shortest response|shortest answer|shortest reply|kurzeste|kurzesten|kuerzeste|am kurzesten|plus "
     "courte|plus courtes|plus courts|plus court|mas corta|mas cortas|mas corto|mas cortos|piu corta|piu corte|piu "
     "breve|piu brevi|mais curta|mais curtas"},
    {Concept::kRanking, pb::MEASURE_TOKENS_PER_SECOND, 1, "",
     "highest throughput|best throughput|highest token per second|most token per second|fastest generation"},
    {Concept::kRanking, pb::MEASURE_TOKENS_PER_SECOND, -1, "",
     "lowest throughput|worst throughput|lowest token per second|fewest token per second|slowest generation"},
    {Concept::kCommon, 0, 0, "",
     "most common|most frequent|most often|commonest|common|frequent|frequently|haufigste|haufigsten|plus "
     "frequent|plus frequente|mas comun|piu comune"},
    {Concept::kMost, 0, 1, "",
     "most|highest|largest|biggest|greatest|worst|top|longest in|meisten|hochste|hochsten|plus eleve|plus de|mas "
     "alto|mas alta|maggior|maggiore|descending|desc"},
    {Concept::kMost, 0, -1, "",
     "least|fewest|lowest|smallest|best|wenigsten|niedrigste|niedrigsten|moins eleve|mas bajo|mas "
     "baja|minore|ascending|asc"},

    // Which results.
    {Concept::kFilter, pb::FILTER_FIELD_SUCCESS, 0, "false",
     "failed|fail|failing|failure|error|errored|erroring|unsuccessful|didnt succeed|did not succeed|broke|broken|went "
     "wrong|go wrong|gone wrong|crash|crashed|problem|issue|errors out|without success|not complete successfully|did "
     "not complete|didnt complete|didnt work|did not work|exception|"
     "fehlgeschlagen|fehlgeschlagene|fehlgeschlagenen|fehlern|fehler|gescheitert|schiefgegangen|schief "
     "gegangen|echoue|echouee|echec|erreur|echouent|fallo|fallaron|fallado|fallida|fallido|fallida|fallaron|errore|"
     "errori|fallito|fallite|falliti|fallita|falha|falharam|falhou|erro"},
    {Concept::kFilter, pb::FILTER_FIELD_SUCCESS, 0, "true",
     "successful|succeeded|succeed|success|successfully|completed|completed successfully|worked|went through|made "
     "it|went well|without error|without any error|no "
     "error|erfolgreich|erfolgreiche|erfolgreichen|reussi|reussie|exitoso|exitosa|completado|riuscito|riuscite|"
     "sucesso"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "timeout",
     "timed out|time out|timeout|timeout error|timing out|timeouted|hit the time limit|hit the "
     "timeout|zeituberschreitung|delai depasse|tiempo de espera agotado|tempo scaduto"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "rate_limit",
     "rate limit|rate limited|rate limit error|rate limiting|ratelimit|ratelimited|throttled|throttling|429|too many "
     "request|out of credit|quota"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "auth",
     "auth error|auth|authentication|authentication error|authentication failure|auth "
     "failure|unauthorized|unauthorised|401|403|forbidden"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "model_not_found",
     "model not found|404|unknown model|no such model"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "network",
     "network error|network|network failure|network problem|connection error|connection failure|connection "
     "problem|connection refused|connection reset|dns error"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "tls", "tls|tls error|ssl error|certificate error|certificate"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "api_error",
     "api error|server error|500 error|5 xx|5 xx error|internal server error|http 500"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "blocked_address", "blocked address|address blocked"},
    {Concept::kFilter, pb::FILTER_FIELD_ERROR_TYPE, 0, "unknown", "unknown error"},
    {Concept::kFilter, pb::FILTER_FIELD_FINISH_REASON, 0, "length",
     "because of length|because of the length|because of their length|due to length|because of the token limit|due to "
     "the token limit|truncated|truncation|cut off|cutoff|cut short|got cut|cut|chopped|chopped off|clipped|hit the "
     "token limit|hit "
     "token limit|hit the limit|hit the length limit|reached the limit|reached the token limit|hit the max token|hit "
     "max token|reached max token|max token|token limit|length limit|ran out of "
     "token|abgeschnitten|abgeschnittene|abgeschnittenen|tronquee|tronque|truncada|truncado|troncata|troncate|"
     "troncato"},
    {Concept::kFilter, pb::FILTER_FIELD_FINISH_REASON, 0, "content_filter",
     "content filter|content filtered|content filtering|filtered|censored|moderated|blocked by the filter"},
    {Concept::kFilter, pb::FILTER_FIELD_INCOMPLETE, 0, "true",
     "incomplete|seem incomplete|unfinished|not complete|not finished|half finished|ended abruptly|end "
     "abruptly|abrupt|abruptly|stop mid sentence|stopped mid sentence|mid "
     "sentence|partial|unvollstandig|unvollstandige|incompletes|incomplet|incompleta|incompleto|incompleti|incomplete "
     "response"},
    {Concept::kFilter, pb::FILTER_FIELD_ASKS_BACK, 0, "true",
     "ask a question back|asked a question back|ask a question|asked a question|asks a question|asking a question|ask "
     "question|ask back|asked back|ask question back|asked question|asking question|end with a question|ended with a "
     "question|end in a question|ending with a question|clarifying question|clarification|ask for clarification|asked "
     "for clarification|question mark|ask for more information|ask the user|counter question|follow up "
     "question|gegenfrage|ruckfrage|stellen eine frage|posent une question|pose une question|hacen una pregunta|fanno "
     "una domanda|replied with a question|respond with a question|responded with a question|answer with a "
     "question|answered with a question|question back|questions in return|question in return"},
    {Concept::kFilter, pb::FILTER_FIELD_DUPLICATE, 0, "true",
     "identical|duplicate|duplicated|duplicate response|duplicate answer|same response|same answer|same reply|same "
     "output|the same text|are the same|exactly the same|exact same|word for word|repeated response|repeated "
     "answer|copy|repeat themselves|equal "
     "response|identisch|identische|identiques|identique|identica|identicas|identiche|uguali|gleiche antwort|gleichen "
     "antworten|gleiche antworten"},
    {Concept::kFilter, pb::FILTER_FIELD_RESPONSE_CHARACTERS, 0, "empty",
     "empty|empty response|empty answer|blank|blank response|blank answer|no response|no answer|no text|without "
     "text|leer|leere|vide|vacia|vacias|vuota|vuote"},
    {Concept::kFilter, pb::FILTER_FIELD_ATTEMPTS, 0, "retried",
     "retried|retry|retrying|needed a retry|needed retry|were retried|had to be retried|needed more than one "
     "attempt|more than one attempt|more than one try|more than once|multiple attempt|several attempt|second "
     "attempt|multiple try"},
    {Concept::kFilter, pb::FILTER_FIELD_CHECKS_PASSED, 0, "false",
     "failed their expected answer|failed the expected answer|fail their expected answer|failed its expected "
     "answer|failed expected answer|failed their check|failed the check|fail their check|fail the check|failed a "
     "check|failed check|failing check|check failed|check that failed|check fail|check failure|failed assertion|didnt "
     "match the expected answer|did not match the expected answer|dont match the expected answer|do not match the "
     "expected answer|not match the expected answer|didnt match expected|didnt match their expected answer|missed the "
     "expected answer|missed their expected answer|miss the expected answer|missed the expected|didnt contain the "
     "expected answer|did not contain the expected answer|lack the expected answer|wrong answer|incorrect "
     "answer|answered incorrectly|answered wrongly|answered wrong|incorrect|incorrectly|wrong|wrongly|not correct|got "
     "wrong|did it get wrong|failed the test|failed their test|failed expectation|failed their expectation|didnt "
     "pass|did not pass|not pass|failed to match|falsch|falsche|falsch beantwortet|mauvaise "
     "reponse|incorrecta|incorrecto|sbagliata|sbagliate|errada"},
    {Concept::kFilter, pb::FILTER_FIELD_CHECKS_PASSED, 0, "true",
     "passed their check|passed the check|pass their check|pass the check|passed check|passing check|check "
     "passed|check that passed|check pass|passed|passed the test|matched the expected answer|match the expected "
     "answer|matched their expected answer|got right|did it get right|met the expectation|met expectation"},
    {Concept::kFilter, pb::FILTER_FIELD_DIFFICULTY, 0, "easy",
     "easy|easier|easiest|einfache|einfachen|leichte|facile|faciles|facil"},
    {Concept::kFilter, pb::FILTER_FIELD_DIFFICULTY, 0, "medium", "medium|moderate|intermediate|medium difficulty"},
    {Concept::kFilter, pb::FILTER_FIELD_DIFFICULTY, 0, "hard",
     "hard|harder|hardest|difficult|tough|challenging|schwere|schweren|schwierige|difficile|difficiles|dificil|"
     "dificiles"},
    {Concept::kFilter, pb::FILTER_FIELD_HALF, 1, "",
     "first half|1st half|earlier half|beginning of the run|start of the run|erste halfte|ersten halfte|premiere "
     "moitie|primera mitad|prima meta"},
    {Concept::kFilter, pb::FILTER_FIELD_HALF, 2, "",
     "second half|2nd half|last half|latter half|later half|other half|end of the run|zweite halfte|zweiten "
     "halfte|seconde moitie|deuxieme moitie|segunda mitad|seconda meta"},

    // Comparing with a number.
    {Concept::kCompare, pb::COMPARISON_LESS, 0, "",
     "under|below|less than|fewer than|shorter than|faster than|quicker than|smaller than|lower than|beneath|in less "
     "than|in under|sooner than|before|within|unter|weniger als|kurzer als|schneller als|moins de|inferieur a|en moins "
     "de|menos de|menor que|inferior a|por debajo de|meno di|sotto|abaixo de|bajo|less"},
    {Concept::kCompare, pb::COMPARISON_GREATER, 0, "",
     "over|above|more than|longer than|greater than|higher than|slower than|larger than|bigger "
     "than|exceed|exceeded|exceeding|beyond|past|in excess of|upwards of|uber|ueber|mehr als|langer als|langsamer "
     "als|plus de|superieur a|au dessus de|mas de|mayor que|superior a|por encima de|mayores de|piu "
     "di|oltre|sopra|mais de|acima de|more"},
    {Concept::kCompare, pb::COMPARISON_GREATER_OR_EQUAL, 0, "",
     "at least|minimum of|no less than|not less than|no fewer than|not fewer than|not under|not below|mindestens|au "
     "moins|al menos|por lo menos|almeno|pelo menos|starting at"},
    {Concept::kCompare, pb::COMPARISON_LESS_OR_EQUAL, 0, "",
     "at most|no more than|not more than|up to|maximum of|no longer than|not longer than|not over|not above|not "
     "exceeding|no slower than|hochstens|maximal|au plus|como maximo|al massimo|no maximo"},
    {Concept::kCompare, pb::COMPARISON_EQUAL, 0, "",
     "exactly|equal to|equals|precisely|genau|exactement|exactamente|esattamente"},
    {Concept::kOrMore, pb::COMPARISON_GREATER_OR_EQUAL, 0, "",
     "or more|or longer|or higher|or above|or over|or greater|or slower|and up|and above|and more|plus|oder mehr|ou "
     "plus|o mas"},
    {Concept::kOrMore, pb::COMPARISON_LESS_OR_EQUAL, 0, "",
     "or less|or fewer|or shorter|or lower|or below|or under|or faster|and below|oder weniger|ou moins|o menos"},
    {Concept::kBetween, 0, 0, "", "between|from|ranging from|in the range of|in the range|zwischen|entre|tra|fra"},

    // Grouping.
    {Concept::kGrouping, pb::GROUPING_CATEGORY, 0, "",
     "category|categories|prompt category|topic|prompt type|kind of prompt|type of prompt|type of "
     "question|domain|subject|area|kategorie|kategorien|categorie|categoria|categorias|thema|themen"},
    {Concept::kGrouping, pb::GROUPING_DIFFICULTY, 0, "",
     "difficulty|difficulty level|level of "
     "difficulty|hardness|schwierigkeit|schwierigkeitsgrad|difficulte|dificultad|difficolta"},
    {Concept::kGrouping, pb::GROUPING_ERROR_TYPE, 0, "",
     "error type|type of error|kind of error|error kind|error category|errors by type|error by type|error "
     "breakdown|error code|error class|kinds of failure|type of failure|kind of failure|failure type|failure "
     "reason|cause of failure|fehlerart|fehlertyp|fehlerarten|type derreur|tipo de error|tipos de error|tipo di "
     "errore"},
    {Concept::kGrouping, pb::GROUPING_FINISH_REASON, 0, "",
     "finish reason|stop reason|reason for stopping|finishing reason|termination reason|why did the model stop|why the "
     "model stopped"},
    {Concept::kGrouping, pb::GROUPING_RUN, 0, "",
     "across runs|between runs|run by run|run comparison|compare run|compare my run|compare the run|compare both "
     "run|compare the two run|compared to the last run|compared with the last run|compared to the previous "
     "run|compared with the previous run|than the previous run|than the last run|than last time|than before|than the "
     "run before|versus the previous run|vs the previous run|vs previous run|vs last run|compared to last "
     "time|compared to before|compare with the previous run|compare to the previous run|compare to the last "
     "run|compare with last run|compare to last time|since the last run|since last time|from run to run"},
    {Concept::kBy, 0, 0, "",
     "by|per|for each|each|for every|every|in each|within each|grouped by|group by|grouping by|broken down by|break "
     "down by|breakdown by|break it down by|split by|split by|separated by|sorted by category|across|among|between "
     "the|pro|je|nach|par|por|per ogni|according to"},

    // What is asked for.
    {Concept::kCount, 0, 0, "",
     "hwo many|how mnay|how may|how many|how much|number of|count|count of|the number of|total number of|wie "
     "viele|wieviele|wieviel|wie "
     "viel|anzahl|anzahl der|combien|combien de|nombre de|cuantos|cuantas|cuanto|numero de|quanti|quante|numero "
     "di|quantos|quantas"},
    {Concept::kShare, 0, 0, "",
     "what percentage|what percent|percentage of|percent of|percentage|percent|what share|share "
     "of|proportion|proportion of|fraction|fraction of|what part|ratio|rate|how "
     "often|prozent|prozentsatz|anteil|pourcentage|porcentaje|percentuale|porcentagem"},
    {Concept::kList, 0, 0, "",
     "show|show me|list|list all|which|display|give me|give|see|view|print|find|what are|what were|any|are there|were "
     "there|is there|was there|get|fetch|tell me which|tell me|let me see|let me view|pull up|zeig|zeige|zeig "
     "mir|zeige mir|welche|welcher|welches|gab es|gibt es|liste|quel|quelle|quels|quelles|montre|montre "
     "moi|affiche|liste moi|y a "
     "til|muestra|muestrame|cuales|cual|que|hay|lista|mostra|mostrami|quali|quale|mostre|quais|qual|a lot of"},
    {Concept::kHowLong, 0, 0, "", "how long|wie lange|wie lang|combien de temps|cuanto tiempo|quanto tempo"},
    {Concept::kTaking, 0, 0, "",
     "took|take|taken|taking|takes|lasted|last for|ran "
     "for|dauerte|dauerten|dauert|gedauert|pris|prennent|mis|tardaron|tarda|tardan|tardo|durato|ci mette|ci ha "
     "messo|needed|respond in|responded in|answered in|finished in"},
    {Concept::kPrompt, 0, 0, "",
     "prompt|question|test case|test "
     "prompt|input|item|frage|fragen|anfrage|anfragen|invite|pregunta|domanda|domande|pergunta|promts|eingaben"},
    {Concept::kResponse, 0, 0, "",
     "response|answer|reply|output|completion|message|antwort|antworten|reponse|respuesta|risposta|risposte|resposta|"
     "generation|text"},
    {Concept::kCall, 0, 0, "",
     "request|call|test|result|one|api "
     "call|row|entry|sample|example|case|requete|resultat|resultado|solicitud|solicitudes|peticion|richiesta|richieste|"
     "risultato|"
     "risultati|requisicao|aufruf|aufrufe|ergebnis|ergebnisse"},
    {Concept::kTop, 0, 0, "", "first|last"},
    {Concept::kMention, 0, 0, "",
     "mention|mentioned|mentioning|start with|starts with|started with|starting with|begin with|begins with|beginning "
     "with|contain|containing|contained|include|including|included|say|saying|said|talk "
     "about|talks about|talking about|refer to|refers to|referring to|speak of|use the word|using the word|with the "
     "word|with the phrase|with the term|has the word|have the word|have the phrase|having the word|that have the "
     "word|match|matching|erwahnen|erwahnt|enthalten|enthalt|mentionne|mentionnent|contiennent|contient|mencionan|"
     "menciona|contienen|contiene|menzionano|menciona|contengono|mencionam|contem"},
    {Concept::kAbout, 0, 0, "", "about|regarding|concerning|related to|on the topic of|dealing with"},
    {Concept::kSearch, 0, 0, "",
     "search|search for|look for|looking for|keyword|search term|find all mention of|mention of|occurrence "
     "of|suche|suche nach|cherche|busca|cerca"},
    {Concept::kWordNoun, 0, 0, "",
     "the word|the words|the phrase|the term|the text|the string|the keyword|the name|das wort|le mot|la palabra|la "
     "parola"},
    {Concept::kNot, 0, 0, "",
     "not|dont|doesnt|didnt|do not|does not|did "
     "not|wasnt|werent|isnt|arent|without|no|never|lack|lacking|except|excluding|exclude|nicht|ohne|kein|keine|sans|"
     "pas|sin|senza|non"},
    {Concept::kAnd, 0, 0, "", "and|und|et|y"},
    {Concept::kFollowUp, 0, 0, "",
     "what about|how about|and what about|and how about|what of|now|also|then|same for|same thing for|the same for|do "
     "the same for|likewise|instead|but|und was ist mit|was ist mit|und|et pour|et le|et la|et les|y el|y la|y los|y "
     "que tal|e il|e la"},
    {Concept::kOnly, 0, 0, "",
     "only|just|only the|just the|limit to|restrict to|filter to|filter|narrow to|restricted to|limited to|nur|nur "
     "die|seulement|solo|soltanto|solamente|apenas"},
    {Concept::kThose, 0, 0, "",
     "those|them|these|they|their|it|its|that|of them|of those|of these|which one|which ones|the "
     "one|davon|diese|dieser|ceux|celles|esos|esas|ellos|quelli|quelle"},
    {Concept::kWhy, 0, 0, "",
     "why|how come|reason|reasons|what caused|cause|caused by|explain|explanation|what happened|root "
     "cause|warum|wieso|weshalb|pourquoi|por que|porque|perche"},
    {Concept::kSummary, 0, 0, "",
     "the run finished|the run done|the run over|the run complete|my run finished|my run done|status|progress|run "
     "finished|run done|run complete|run over|still pending|pending|remaining|still running|the "
     "key metric|the key finding|the key figure|the key stat|the key number|key figure|key "
     "number|summary|summarize|summarise|overview|how did it go|how did the run go|how did that go|how did my model "
     "do|how "
     "did the model do|how did my model perform|how did the model perform|how is my model doing|how well did|overall "
     "performance|performance|perform|recap|metric|key metric|stat|statistic|highlight|result overview|test result "
     "overview|bottom line|tldr|sum up|sum it up|in short|big picture|what stands out|what should i look at|anything "
     "interesting|anything unusual|what do you think|give me the result|what are the result|what were the result|how "
     "were the result|key finding|finding|insight|at a glance|everything|zusammenfassung|uberblick|ubersicht|fasse "
     "zusammen|wie lief es|resume|resume moi|apercu|resumen|resumeme|riassunto|riassumi|panoramica|resumo"},
    {Concept::kChart, 0, 0, "",
     "chart|graph|plot|bar chart|line "
     "chart|visualize|visualise|visualization|diagram|draw|diagramm|grafik|graphique|grafico|as a chart|as a graph"},
    {Concept::kTable, 0, 0, "", "table|tabular|as a table|in a table|tabelle|tableau|tabla|tabella|tabela"},
    {Concept::kExport, 0, 0, "",
     "export|download|save|exporting|downloading|exportieren|herunterladen|exporter|telecharger|exportar|descargar|"
     "esporta|scarica|baixar|dump"},
    {Concept::kFormat, 0, 0, "csv", "csv|as csv|as a csv|csv file|excel|spreadsheet|xlsx|comma separated"},
    {Concept::kFormat, 0, 0, "json",
     "json|as json|json file|raw data|raw result|raw response|rohdaten|donnees brutes|datos brutos|dati grezzi|dados "
     "brutos"},
    {Concept::kFormat, 0, 0, "jsonl", "as json line|as jsonl|as ndjson|jsonl|json line|ndjson|jsonlines"},
    {Concept::kFormat, 0, 0, "pdf", "pdf|as pdf|pdf file|pdf report|summary report|full report|printable report"},
    {Concept::kReport, 0, 0, "", "report|bericht|rapport|informe|relazione|relatorio"},
    {Concept::kAllRuns, 0, 0, "",
     "all run|all my run|all the run|every run|both run|across all run|over all run|all test run|whole session|entire "
     "session|this session|all runs together|alle laufe"},
    {Concept::kRun, 0, 0, "",
     "last run|latest run|this run|current run|most recent run|newest run|the run|my run|last test|letzten "
     "lauf|letzter lauf"},
    {Concept::kRun, 0, -1, "",
     "previous run|run before|earlier run|prior run|run before that|last but one run|vorherigen lauf|vorigen lauf"},
    {Concept::kRun, 0, 1, "", "first run|initial run|original run|oldest run|ersten lauf"},
    {Concept::kRun, 0, 2, "", "second run"},
    {Concept::kRunNoun, 0, 0, "", "run|batch|test run|lauf"},
    {Concept::kCompareWord, 0, 0, "",
     "compare|compared|comparison|versus|vs|against|difference|difference between|differ|compare to|compared "
     "to|compared with|vergleiche|vergleich|comparer|comparaison|compara|comparar|confronta|comparacion"},
    {Concept::kOverTime, 0, 0, "",
     "over time|trend|degrade|degradation|get slower|got slower|getting slower|slow down|slowed down|slowing down|get "
     "faster|got faster|getting faster|speed up|sped up|during the run|as the run went on|as time went on|warm "
     "up|warmed up"},
    {Concept::kMore, 0, 0, "",
     "show more|more of them|more please|next|the rest|show all|show them all|all of them|see more|see all|mehr"},

    // What is refused, and help.
    {Concept::kRefusal, Of(Topic::kCost), 0, "",
     "cost|costs|price|pricing|expensive|most expensive|cheap|cheapest|cheaper|dollar|usd|euro|eur|cent per|money|how "
     "much did it cost|how much did this cost|how much money|budget|invoice|bill "
     "me|kosten|kostet|gekostet|preis|teuer|cout|coute|prix|costo|coste|precio|cuesta|prezzo|custo|preco"},
    {Concept::kRefusal, Of(Topic::kQuality), 0, "",
     "best prompt|prompt is best|is the best|is best|are best|quality|how good|good enough|best answer|best "
     "response|best quality|worst answer|worst response|better "
     "answer|helpful|helpfulness|hallucinate|hallucination|hallucinated|hallucinating|factual|factually|truthful|toxic|"
     "toxicity|bias|biased|sentiment|polite|politeness|rude|grammar|grammatical|spelling|tone of|creative "
     "enough|creativity|intelligent|smart|qualitat|qualite|calidad|qualita|qualidade|funny|funniest|useful|relevant|"
     "relevance|readability"},
    {Concept::kRefusal, Of(Topic::kOtherSession), 0, "",
     "other session|another session|different session|other sessions|someone else|somebody else|someone elses|other "
     "user|another user|other people|other person|other customer|everyone else|everybody else|all user|all "
     "session|other company|other tester|anyone else|yesterday|last week|last month|session id|andere sitzung|anderen "
     "sitzungen|anderer nutzer|autre session|autres utilisateurs|otra sesion|otros usuarios|altra sessione|altri "
     "utenti"},
    {Concept::kRefusal, Of(Topic::kSecrets), 0, "",
     "api key|apikey|my key|the key|access key|secret key|secret|password of|credential|bearer token|auth token|access "
     "token|api token|private key|environment variable|env var|connection string|database password|encryption "
     "key|which key|what key|api schlussel|cle api|clave api|chiave api|chave api|ip address|ip addresses"},
    {Concept::kRefusal, Of(Topic::kInstructions), 0, "",
     "system prompt|your instruction|your prompt|initial instruction|your rule|your system|ignore previous|ignore all "
     "previous|ignore your|ignore the above|ignore the previous|ignore these|ignore any|ignore all|disregard|forget "
     "your|forget everything|forget all|pretend|act as|you are now|jailbreak|developer mode|reveal|your "
     "configuration|your source code|your code|your guideline|hidden instruction|systemprompt|deine anweisungen|tes "
     "instructions|tus instrucciones|repeat the text above|repeat everything above|repeat the words above|print "
     "everything above|what were you told|drop table|select from"},
    {Concept::kRefusal, Of(Topic::kActions), 0, "",
     "delete|delete my data|delete everything|erase|rerun|re run|run again|start a run|start another run|start a new "
     "run|start the test|run the test|run another|restart|cancel the run|stop the run|change the|update the|set "
     "the|rename|send an email|email me|send me an email|write to|loschen|supprimer|efface|borrar|elimina|cancella"},
    {Concept::kRefusal, Of(Topic::kElsewhere), 0, "",
     "weather|joke|poem for me|write me|translate|stock price|president|capital of|who won|recipe|gpt|gpt4|gpt 4|gpt "
     "4o|chatgpt|claude|gemini|llama|mistral|other model|another model|different model|competitor|benchmark "
     "score|leaderboard|industry average|industry standard|gpu|cpu|memory usage|server "
     "load|hardware|wetter|witz|meteo|blague|clima|chiste|forecast|predict|prediction|tomorrow|next run"},
    {Concept::kHelp, 0, 0, "",
     "help|what can you do|what can i ask|what can you answer|what can you tell me|what do you do|how do you work|who "
     "are you|what are you|hello|hi|hey|good morning|thank|thank "
     "you|thanks|ok|okay|cool|great|nice|bye|hilfe|hallo|danke|bonjour|merci|aide|hola|gracias|ayuda|ciao|grazie|ola|"
     "obrigado"},
    {Concept::kIn, 0, 0, "",
     "in|of|from|for|that|who|where|when|with|but|while|whose|im|von|fur|mit|dans|de|pour|en|para|con|di|nei|delle|did|"
     "does|do|is|are|was|were|has|have|had"},
    {Concept::kNothing, 0, 0, "",
     "tested|executed|ran|processed|evaluated|submitted|issued|detail|anything|something|nothing|everyone|occur|"
     "occurred|occurring|encounter|encountered|a|an|the|what|whats|my|me|i|"
     "you|your|please|pls|can|could|would|should|will|shall|be|been|being|am|to|on|at|as|"
     "or|if|so|than|there|here|this|some|all|out|up|down|into|onto|off|through|very|really|much|many|own|our|we|us|he|"
     "she|his|her|him|ill|id|ive|im|youre|whos|hows|wheres|lets|let|want|wanted|need|know|like|look|tell|make|made|go|"
     "went|come|came|do|doing|done|get|got|use|used|using|say|come|think|see|seem|seems|appear|happen|happened|thing|"
     "stuff|kind|type|sort|sorted|way|level|amount|value|figure|number|numbers|data|set|model|models|finetuned|fine|"
     "tuned|endpoint|api|llm|ai|bot|atlas|demo|suite|session|too|also|again|still|yet|ever|even|else|ones|same|new|old|"
     "right|big|small|high|low|long|short|large|little|lot|bit|good|bad|better|well|more|less|exact|current|currently|"
     "actually|exactly|specific|specifically|particular|overall|general|generally|whole|entire|full|complete|just|"
     "quite|per|via|between|both|either|neither|other|another|such|certain|how|when|while|during|until|since|after|"
     "because|generate|generated|produce|produced|return|returned|receive|received|send|sent|give|gave|given|respond|"
     "responded|answered|replied|complete|finish|finished|end|ended|start|started|begin|began|create|order|ordered|"
     "sort by|ranked|rank|hit|reach|reached|exceeding|me the|me all|across|along|come "
     "up|curious|wonder|wondering|interested|checking|check out|look "
     "like|looks|looked|roughly|approximately|approx|around|circa|almost|nearly|maybe|perhaps|possible|possibly|sure|"
     "yes|yeah|no|second|seconds|sec|secs|ms|msec|millisecond|milliseconds|minute|minutes|half|hour|hours|percentile|"
     "percentiles|hundred|thousand|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|"
     "thirty|forty|fifty|sixty|seventy|eighty|ninety|third|fourth|fifth|ninetieth|fiftieth|couple|dozen|quarter|"
     "ist|war|waren|sind|die|der|das|den|dem|des|ein|eine|einen|wie|was|wer|wo|mir|mich|mein|meine|meiner|meinen|"
     "meinem|es|sie|er|wir|bei|aus|am|zum|zur|auf|an|als|haben|hat|hatte|gab|gibt|wurde|wurden|worden|werden|bitte|"
     "alle|aller|noch|auch|sehr|lief|laufen|"
     "le|la|les|un|une|des|du|quel|quelle|est|sont|etait|etaient|ont|mon|ma|mes|se|ce|ces|cette|avec|sur|plus|moins|"
     "tous|toutes|tout|qui|que|quoi|il|elle|ils|elles|je|moi|sil|vous|plait|y|a|ete|"
     "el|los|las|una|unos|unas|es|son|fue|fueron|era|eran|mi|mis|cual|cuales|se|su|sus|lo|al|del|por|favor|todas|todos|"
     "mas|cuanto|han|ha|hubo|"
     "il|gli|i|uno|e|sono|erano|era|stato|stati|state|hanno|mio|mia|miei|mie|quanto|quanta|come|che|si|della|dei|degli|"
     "delle|piu|meno|"
     "os|as|um|uma|foi|foram|sao|meu|minha|meus|minhas|quanto|qual|como|mais|menos"},
};

std::string StemOf(std::string_view phrase) {
  std::vector<std::string> stems;
  for (const absl::string_view word : absl::StrSplit(ToAbsl(phrase), ' ')) stems.push_back(Stem(ToStd(word)));
  return absl::StrJoin(stems, " ");
}

struct Phrases {
  std::unordered_map<std::string, const Entry*> by_stem;
  std::vector<std::string> words;
  size_t longest = 0;
};

// A phrase that stands twice means what it meant first.
const Phrases& AllPhrases() {
  static const Phrases& phrases = *[] {
    auto* all = new Phrases;
    std::set<std::string> words;
    for (const Entry& entry : kEntries) {
      for (const absl::string_view phrase : absl::StrSplit(ToAbsl(entry.phrases), '|')) {
        const std::string stem = StemOf(ToStd(phrase));
        all->by_stem.emplace(stem, &entry);
        const std::vector<std::string> parts = absl::StrSplit(stem, ' ');
        all->longest = std::max(all->longest, parts.size());
        words.insert(parts.begin(), parts.end());
      }
    }
    all->words.assign(words.begin(), words.end());
    return all;
  }();
  return phrases;
}

// 429 may be a number or the name of an error; three is always a number.
bool IsDigits(const Token& token) {
  return token.kind == Token::Kind::kNumber && token.unit == Unit::kNone && token.raw[0] >= '0' && token.raw[0] <= '9';
}

Term TermOf(const Token& token) {
  Term term;
  term.raw = token.raw;
  term.number = token.number;
  term.unit = token.unit;
  switch (token.kind) {
    case Token::Kind::kNumber:
    case Token::Kind::kOrdinal:
      term.meaning = Concept::kQuantity;
      break;
    case Token::Kind::kPercentile:
      term.meaning = Concept::kPercentile;
      break;
    case Token::Kind::kHash:
      term.meaning = Concept::kPromptNumber;
      break;
    case Token::Kind::kQuoted:
      term.meaning = Concept::kQuoted;
      term.text = token.raw;
      break;
    case Token::Kind::kCategory:
      term.meaning = Concept::kFilter;
      term.value = pb::FILTER_FIELD_CATEGORY;
      term.text = token.text;
      break;
    case Token::Kind::kStop:
      term.meaning = Concept::kStop;
      term.text = token.text;
      break;
    case Token::Kind::kSymbol:
      term.meaning = Concept::kCompare;
      if (token.text == "<") {
        term.value = pb::COMPARISON_LESS;
      } else if (token.text == "<=") {
        term.value = pb::COMPARISON_LESS_OR_EQUAL;
      } else if (token.text == ">") {
        term.value = pb::COMPARISON_GREATER;
      } else if (token.text == ">=") {
        term.value = pb::COMPARISON_GREATER_OR_EQUAL;
      } else if (token.text == "=") {
        term.value = pb::COMPARISON_EQUAL;
      } else if (token.text == "+") {
        term.meaning = Concept::kOrMore;
        term.value = pb::COMPARISON_GREATER_OR_EQUAL;
      } else if (token.text == "-") {
        term.meaning = Concept::kAnd;  // 1-2 s
      } else {
        term.meaning = Concept::kNothing;
      }
      break;
    case Token::Kind::kWord:
      break;
  }
  return term;
}

}  // namespace

const std::vector<std::string>& KnownWords() { return AllPhrases().words; }

std::vector<Term> ReadTerms(const std::vector<Token>& tokens) {
  const Phrases& phrases = AllPhrases();
  std::vector<Term> terms;
  for (size_t at = 0; at < tokens.size();) {
    if (tokens[at].kind != Token::Kind::kWord && !IsDigits(tokens[at])) {
      terms.push_back(TermOf(tokens[at++]));
      continue;
    }
    const Entry* found = nullptr;
    size_t length = 0;
    std::string phrase, raw, found_raw;
    for (size_t i = at; i < tokens.size() && i - at < phrases.longest; ++i) {
      if (tokens[i].kind != Token::Kind::kWord && tokens[i].kind != Token::Kind::kNumber) break;
      phrase += (i == at ? "" : " ") + tokens[i].stem;
      raw += (i == at ? "" : " ") + tokens[i].raw;
      if (const auto entry = phrases.by_stem.find(phrase); entry != phrases.by_stem.end()) {
        found = entry->second;
        length = i - at + 1;
        found_raw = raw;
      }
    }
    if (!found) {
      Term term = TermOf(tokens[at]);
      if (tokens[at].kind == Token::Kind::kWord) term.text = tokens[at].text;
      terms.push_back(std::move(term));
      ++at;
      continue;
    }
    Term term;
    term.meaning = found->meaning;
    term.value = found->value;
    term.number = found->number;
    term.text = std::string(found->text);
    term.raw = std::move(found_raw);
    term.plural = term.raw.ends_with('s') && Stem(tokens[at + length - 1].text) != tokens[at + length - 1].text;
    terms.push_back(std::move(term));
    at += length;
  }
  return terms;
}

}  // namespace ftl::analytics
