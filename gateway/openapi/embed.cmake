# cmake -D IN=descriptors.pb -D OUT=descriptor_set.cc -P embed.cmake
file(WRITE ${OUT} "// Made by gateway/openapi/embed.cmake.
#include \"gateway/openapi/comments.h\"

__asm__(\".pushsection .rodata\\nftl_descriptors_begin:\\n.incbin \\\"${IN}\\\"\\nftl_descriptors_end:\\n.popsection\");
extern \"C\" __attribute__((visibility(\"hidden\"))) const char ftl_descriptors_begin[];
extern \"C\" __attribute__((visibility(\"hidden\"))) const char ftl_descriptors_end[];

namespace ftl::gateway {

std::string_view DescriptorSet() {
  return std::string_view(ftl_descriptors_begin, static_cast<size_t>(ftl_descriptors_end - ftl_descriptors_begin));
}

}  // namespace ftl::gateway
")
