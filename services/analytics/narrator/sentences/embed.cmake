# cmake -D FOLDER=sentences -D CODES=en,de -D OUT=sentences.cc -P embed.cmake
# Writes the sentences into a C++ source.
string(REPLACE "," ";" codes "${CODES}")
set(rows "")
foreach(code IN LISTS codes)
  file(READ ${FOLDER}/${code}.json text)
  string(APPEND rows "  if (code == \"${code}\") return R\"ftl_json(${text})ftl_json\";\n")
endforeach()
file(WRITE ${OUT} "// Made by narrator/sentences/embed.cmake.
#include \"services/analytics/narrator/sentences.h\"

namespace ftl::analytics {

std::string_view SentencesOf(std::string_view code) {
${rows}  return \"\";
}

}  // namespace ftl::analytics
")
