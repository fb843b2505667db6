# Every package the project stands on, in one place. Debian 12 names them in deploy/local/packages.
find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)  # before gRPC: Debian has no CONFIG mode for it
find_package(gRPC CONFIG REQUIRED)  # also gives re2::re2
find_package(absl CONFIG REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS url json)
find_package(OpenSSL 3.0 REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(fmt CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(ZLIB REQUIRED)
if(FTL_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(FTL_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
