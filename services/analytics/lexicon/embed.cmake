# cmake -D FOLDER=lexicon -D OUT=lexicon_data.cc -P embed.cmake
# Writes a source that holds the data files of FOLDER. Fails where a phrase of a language stands under two meanings and is
# marked by a ~ behind it in neither.
file(GLOB_RECURSE names RELATIVE ${FOLDER} ${FOLDER}/*.txt)
list(SORT names)

function(check_phrases path language)
  file(STRINGS ${path} lines ENCODING UTF-8)
  foreach(line IN LISTS lines)
    if(line MATCHES "^#" OR NOT line MATCHES "^([^ ]+) = (.*)$")
      continue()
    endif()
    set(meaning "${CMAKE_MATCH_1}")
    string(REPLACE "|" ";" phrases "${CMAKE_MATCH_2}")
    foreach(phrase IN LISTS phrases)
      string(STRIP "${phrase}" phrase)
      if(phrase MATCHES "~$")
        continue()
      endif()
      string(MD5 key "${phrase}")
      if(DEFINED meaning_${key} AND NOT meaning_${key} STREQUAL meaning)
        message(FATAL_ERROR "${language}: '${phrase}' is ${meaning_${key}} and ${meaning}; mark one of them by ~")
      endif()
      set(meaning_${key} "${meaning}")
    endforeach()
  endforeach()
endfunction()

set(symbols "")
set(table "")
set(number 0)
foreach(name ${names})
  get_filename_component(language ${name} DIRECTORY)
  get_filename_component(stem ${name} NAME_WE)
  if(stem STREQUAL "phrases")
    check_phrases(${FOLDER}/${name} ${language})
  endif()
  string(APPEND symbols "FTL_EMBED(${number}, \"${FOLDER}/${name}\")\n")
  string(APPEND table "    {\"${language}\", \"${stem}\", FTL_BYTES(${number})},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "// Made by services/analytics/lexicon/embed.cmake.
#include \"services/analytics/lexicon/lexicon_data.h\"

#define FTL_EMBED(name, path)                                                                        \\
  __asm__(\".pushsection .rodata\\n.balign 16\\nftl_lexicon_\" #name \"_begin:\\n.incbin \\\"\" path     \\
          \"\\\"\\nftl_lexicon_\" #name \"_end:\\n.byte 0\\n.popsection\");                                \\
  extern \"C\" __attribute__((visibility(\"hidden\"))) const char ftl_lexicon_##name##_begin[];          \\
  extern \"C\" __attribute__((visibility(\"hidden\"))) const char ftl_lexicon_##name##_end[];
#define FTL_BYTES(name)                           \\
  std::string_view(ftl_lexicon_##name##_begin, \\
                   static_cast<size_t>(ftl_lexicon_##name##_end - ftl_lexicon_##name##_begin))

${symbols}
namespace ftl::analytics {

std::string_view LexiconText(std::string_view language, std::string_view name) {
  struct Text {
    std::string_view language, name, text;
  };
  static const Text texts[] = {
${table}  };
  for (const Text& text : texts) {
    if (text.language == language && text.name == name) return text.text;
  }
  return \"\";
}

}  // namespace ftl::analytics
")
