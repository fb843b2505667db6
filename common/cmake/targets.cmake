# One function per kind of target, so that warnings, hardening, sanitizers and precompiled headers are set in one place.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

add_library(ftl_flags INTERFACE)
target_compile_options(ftl_flags INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror=return-type
                                           -Wno-mismatched-new-delete -Wno-missing-field-initializers -pthread -fPIE -fstack-protector-strong -fcf-protection)
target_compile_definitions(
  ftl_flags
  INTERFACE FTL_VERSION="${PROJECT_VERSION}" BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY
            BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_link_options(ftl_flags INTERFACE -pthread -pie -Wl,-z,relro,-z,now -Wl,--as-needed)
target_include_directories(ftl_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_include_directories(ftl_flags SYSTEM INTERFACE ${CMAKE_BINARY_DIR}/protos)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(ftl_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(FTL_SANITIZE)
  target_compile_options(ftl_flags INTERFACE -fsanitize=${FTL_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(ftl_flags INTERFACE -fsanitize=${FTL_SANITIZE})
  # These four checks double the time that coroutines take to compile, and AddressSanitizer sees most of what they would.
  if(FTL_SANITIZE MATCHES "undefined")
    target_compile_options(
      ftl_flags INTERFACE -fno-sanitize-recover=undefined -fno-sanitize=null,alignment,vptr,object-size)
  endif()
  if(FTL_SANITIZE STREQUAL "thread")
    target_compile_options(ftl_flags INTERFACE -Wno-tsan)
  endif()
endif()

# The headers that cost most to read, compiled once.
file(WRITE ${CMAKE_BINARY_DIR}/pch.cc "")
add_library(ftl_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cc)
target_link_libraries(ftl_pch PRIVATE ftl_flags)
target_precompile_headers(
  ftl_pch
  PRIVATE
  <absl/status/statusor.h>
  <absl/strings/str_cat.h>
  <absl/time/time.h>
  <boost/asio/awaitable.hpp>
  <boost/asio/co_spawn.hpp>
  <boost/asio/io_context.hpp>
  <boost/asio/ip/tcp.hpp>
  <boost/asio/steady_timer.hpp>
  <google/protobuf/message.h>
  <map>
  <optional>
  <string>
  <vector>)

# What Asio and Beast would otherwise compile anew in every source.
add_library(ftl_asio STATIC ${CMAKE_SOURCE_DIR}/common/async/asio.cc)
target_link_libraries(ftl_asio PUBLIC ftl_flags OpenSSL::SSL)
target_precompile_headers(ftl_asio REUSE_FROM ftl_pch)

# ftl_library(NAME SOURCES a.cc… LINK targets…): one of our libraries. NAME `common_error` gives the alias ftl::common_error.
function(ftl_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_library(ftl_${name} STATIC ${arg_SOURCES})
  add_library(ftl::${name} ALIAS ftl_${name})
  target_link_libraries(ftl_${name} PUBLIC ftl_flags ftl_asio ${arg_LINK})
  target_precompile_headers(ftl_${name} REUSE_FROM ftl_pch)
endfunction()

# ftl_binary(NAME SOURCES main.cc LINK targets…): a program, in build/<preset>/bin.
function(ftl_binary name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ftl_flags ftl_asio ${arg_LINK})
  target_precompile_headers(${name} REUSE_FROM ftl_pch)
endfunction()

add_custom_target(pure_tests)
add_custom_target(unit_tests)
add_custom_target(pg_tests)
add_custom_target(contract_tests)
add_custom_target(e2e_tests)
add_custom_target(chaos_tests)

# ftl_test(NAME [PURE] [LABEL unit|pg|contract|e2e|chaos] SOURCES x_test.cc LINK targets…): a GoogleTest program and its
# ctest entry. PURE marks tests without Beast and gRPC threads, which also run under ThreadSanitizer.
function(ftl_test name)
  if(NOT FTL_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(arg "PURE" "LABEL" "SOURCES;LINK" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ftl_flags ftl_asio ${arg_LINK} GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM ftl_pch)
  set(labels ${arg_LABEL})
  if(arg_PURE)
    list(APPEND labels pure)
    add_dependencies(pure_tests ${name})
  endif()
  if(TARGET ${arg_LABEL}_tests)
    add_dependencies(${arg_LABEL}_tests ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT 300)
endfunction()

# ftl_proto(NAME PROTOS a.proto… [GRPC] LINK targets…): the generated library ftl::proto_NAME. Paths are relative to protos/.
function(ftl_proto name)
  cmake_parse_arguments(arg "GRPC" "" "PROTOS;LINK" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/protos)
  set(generated)
  foreach(proto ${arg_PROTOS})
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(files ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    set(grpc_arguments)
    file(STRINGS ${CMAKE_SOURCE_DIR}/protos/${proto} services REGEX "^service ")
    if(arg_GRPC AND services)
      list(APPEND files ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
      set(grpc_arguments --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(
      OUTPUT ${files}
      COMMAND protobuf::protoc -I ${CMAKE_SOURCE_DIR}/protos --cpp_out=${out} ${grpc_arguments} ${proto}
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/protos
      DEPENDS ${CMAKE_SOURCE_DIR}/protos/${proto}
      COMMENT "Generating ${stem}")
    list(APPEND generated ${files})
  endforeach()
  add_library(ftl_proto_${name} STATIC ${generated})
  add_library(ftl::proto_${name} ALIAS ftl_proto_${name})
  target_include_directories(ftl_proto_${name} SYSTEM PUBLIC ${out})
  target_link_libraries(ftl_proto_${name} PUBLIC protobuf::libprotobuf ${arg_LINK})
  target_compile_options(ftl_proto_${name} PRIVATE -O1 -w)
  if(FTL_SANITIZE)
    string(REPLACE ",undefined" "" sanitizers "${FTL_SANITIZE}")
    target_compile_options(ftl_proto_${name} PRIVATE -fsanitize=${sanitizers})
  endif()
  if(arg_GRPC)
    target_link_libraries(ftl_proto_${name} PUBLIC gRPC::grpc++)
  endif()
endfunction()

enable_testing()
