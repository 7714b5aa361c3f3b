# What every target of the tree shares: language level, warnings, caches, and the three functions that folders call.
#
#   redress_library(NAME [DEPS ...])   a static library redress_NAME of all *.cc beside the caller but *_test.cc, main.cc;
#                                      and, when there are *_test.cc, one test binary NAME_test registered with ctest
#   redress_binary(NAME [DEPS ...])    a program of main.cc
#
# Files are found by pattern, so that adding one needs no edit here.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# The system gRPC and protobuf configs look for targets in this mode alone.
set(protobuf_MODULE_COMPATIBLE ON)

find_program(CCACHE ccache)
if(CCACHE)
  # Clones in other folders share results: paths are made relative to each tree.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own headers at -O2 (GCC bugs 105329, 105562, 107852).
  add_compile_options(-Wno-error=restrict -Wno-error=maybe-uninitialized -Wno-error=stringop-overread
                      -Wno-error=array-bounds -Wno-error=stringop-overflow -Wno-missing-field-initializers)
endif()
if(REDRESS_SANITIZE)
  # A bad pointer is an access that the address sanitizer sees; checking each for null as well doubles the time to compile.
  add_compile_options(-fsanitize=${REDRESS_SANITIZE} -fno-sanitize=null,object-size,vptr -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${REDRESS_SANITIZE})
endif()
if(REDRESS_FUZZ)
  # Coverage, which libFuzzer is guided by; the targets alone link its main (tests/fuzz).
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(RocksDB CONFIG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED COMPONENTS core pull)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
if(REDRESS_TESTS)
  find_package(GTest)
  if(GTest_FOUND)
    enable_testing()
  else()
    # deploy/quickstart installs no test packages. For this run of CMake only: tests/run installs them and finds them.
    message(STATUS "No GoogleTest: tests are not built")
    set(REDRESS_TESTS OFF)
  endif()
endif()

function(redress_library NAME)
  cmake_parse_arguments(ARG "" "" "DEPS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  file(GLOB tests CONFIGURE_DEPENDS *_test.cc)
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cc$")
  if(sources)
    add_library(redress_${NAME} STATIC ${sources})
    target_include_directories(redress_${NAME} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(redress_${NAME} PUBLIC ${ARG_DEPS})
  else()
    add_library(redress_${NAME} INTERFACE)
    target_include_directories(redress_${NAME} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(redress_${NAME} INTERFACE ${ARG_DEPS})
  endif()
  if(REDRESS_TESTS AND tests)
    add_executable(${NAME}_test ${tests})
    target_link_libraries(${NAME}_test PRIVATE redress_${NAME} ${ARG_TEST_DEPS} GTest::gmock GTest::gtest_main)
    set_source_files_properties(${tests} PROPERTIES COMPILE_OPTIONS "${REDRESS_TEST_OPTIONS}")
    add_test(NAME ${NAME} COMMAND ${NAME}_test)
  endif()
endfunction()

function(redress_binary NAME)
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${NAME} main.cc)
  target_include_directories(${NAME} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPS})
  if(NOT REDRESS_SANITIZE)
    # Records and rows are small strings by the million. The sanitizers have an allocator of their own.
    target_link_libraries(${NAME} PRIVATE PkgConfig::JEMALLOC)
  endif()
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()
