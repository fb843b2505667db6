# cmake -D DIST=folder -D OUT=page_files.cc -P embed.cmake
# Writes a source that holds every file of DIST, as it is and compressed by gzip. Without a DIST it holds none.
set(names "")
if(DIST)
  file(GLOB_RECURSE names RELATIVE ${DIST} ${DIST}/*)
  list(SORT names)
endif()
get_filename_component(packed ${OUT} DIRECTORY)
set(packed ${packed}/packed)
file(REMOVE_RECURSE ${packed})
file(MAKE_DIRECTORY ${packed})
set(symbols "")
set(table "")
set(number 0)
foreach(name ${names})
  set(zipped ${packed}/${number}.gz)
  execute_process(COMMAND gzip -9 -n -c ${DIST}/${name} OUTPUT_FILE ${zipped} COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 ${DIST}/${name} hash)
  string(SUBSTRING ${hash} 0 20 hash)
  string(APPEND symbols "FTL_EMBED(file_${number}, \"${DIST}/${name}\")\nFTL_EMBED(zipped_${number}, \"${zipped}\")\n")
  string(APPEND table "    {\"${name}\", FTL_BYTES(file_${number}), FTL_BYTES(zipped_${number}), \"${hash}\"},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUT} "// Made by gateway/pages/embed.cmake.
#include \"gateway/pages/embedded_file.h\"

#include <vector>

#define FTL_EMBED(name, path)                                                                  \\
  __asm__(\".pushsection .rodata\\n.balign 16\\nftl_page_\" #name \"_begin:\\n.incbin \\\"\" path \\
          \"\\\"\\nftl_page_\" #name \"_end:\\n.byte 0\\n.popsection\");                              \\
  extern \"C\" __attribute__((visibility(\"hidden\"))) const char ftl_page_##name##_begin[];         \\
  extern \"C\" __attribute__((visibility(\"hidden\"))) const char ftl_page_##name##_end[];
#define FTL_BYTES(name) \\
  std::string_view(ftl_page_##name##_begin, static_cast<size_t>(ftl_page_##name##_end - ftl_page_##name##_begin))

${symbols}
namespace ftl::gateway {

std::span<const EmbeddedFile> PageFiles() {
  static const std::vector<EmbeddedFile> files = {
${table}  };
  return files;
}

}  // namespace ftl::gateway
")
