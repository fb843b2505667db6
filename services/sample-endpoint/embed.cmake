# cmake -D OUT=answers_json.cc -D ANSWERS=answers.json -P embed.cmake
# Writes the answers into a C++ source, in pieces: GCC warns of string literals over 64 KiB.
file(READ ${ANSWERS} text)
string(LENGTH "${text}" length)
set(pieces "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  string(APPEND pieces "R\"ftl_answers(${piece})ftl_answers\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUT} "#include \"services/sample-endpoint/answers.h\"\n\nnamespace ftl::sample_endpoint {\n\nstd::string_view EmbeddedAnswers() {\n  static constexpr std::string_view kText = ${pieces};\n  return kText;\n}\n\n}  // namespace ftl::sample_endpoint\n")
