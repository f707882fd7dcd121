# poltergeist_test(watch SOURCES glob_test.cpp tree_test.cpp DEPENDS watch [LIBRARIES …] [TIMEOUT seconds]
#                  [COMPUTES])
#
# Builds tests/<name> into the program <name>_test and registers it with CTest as a whole: the process
# start per test case would cost more than the cases.
#
# Reading Catch2 costs each file as much as compiling it: the tests share a precompiled header. Optimising a
# test costs a third of its compilation and gains nothing, because what is tested is optimised in its own
# library; but a test that COMPUTES (a simulator, a hundred thousand texts) is optimised too.
include(GNUInstallDirs)
find_package(Catch2 2.13 CONFIG REQUIRED)

set(POLTERGEIST_UNOPTIMISED $<$<CONFIG:Debug>:-O0>)
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cpp CONTENT "")
foreach(headers poltergeist_test_headers poltergeist_computing_test_headers)
  add_library(${headers} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cpp)
  target_link_libraries(${headers} PRIVATE poltergeist_options Catch2::Catch2 nlohmann_json::nlohmann_json)
  target_precompile_headers(${headers} PRIVATE
    <catch2/catch.hpp> <filesystem> <map> <nlohmann/json.hpp> <string> <vector>)
endforeach()
target_compile_options(poltergeist_test_headers PRIVATE ${POLTERGEIST_UNOPTIMISED})

function(poltergeist_use_test_headers target)
  cmake_parse_arguments(ARG "COMPUTES" "" "" ${ARGN})
  if(ARG_COMPUTES)
    target_precompile_headers(${target} REUSE_FROM poltergeist_computing_test_headers)
  else()
    target_precompile_headers(${target} REUSE_FROM poltergeist_test_headers)
    target_compile_options(${target} PRIVATE ${POLTERGEIST_UNOPTIMISED})
  endif()
  # Unnamed namespaces of different tests use the same names, as they should.
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
endfunction()

# poltergeist_long_proof(watch SOURCES glob_test.cpp … COMMAND watch_test)
#
# Registers a test once more, as soak_<name>, if one of its files has more rounds in the long proofs
# (tests/support/rounds.h). `ctest` leaves those out; scripts/test --soak says `ctest -C soak -L soak`.
function(poltergeist_long_proof name)
  cmake_parse_arguments(ARG "" "" "SOURCES;COMMAND" ${ARGN})
  set(calls)
  foreach(source IN LISTS ARG_SOURCES)
    if(NOT calls)
      file(STRINGS ${source} calls REGEX "(rounds|histories)\\(" LIMIT_COUNT 1)
    endif()
  endforeach()
  if(calls)
    add_test(NAME soak_${name} COMMAND ${ARG_COMMAND} --durations yes CONFIGURATIONS soak)
    set_tests_properties(soak_${name} PROPERTIES LABELS soak TIMEOUT 5400)
  endif()
endfunction()

function(poltergeist_test name)
  cmake_parse_arguments(ARG "COMPUTES" "TIMEOUT" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 900)  # against what hangs; under a sanitizer on a busy machine some take minutes
  endif()
  add_executable(${name}_test ${ARG_SOURCES})
  target_include_directories(${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name}_test PRIVATE poltergeist_options Catch2::Catch2WithMain ${ARG_LIBRARIES})
  set(computes)
  if(ARG_COMPUTES)
    set(computes COMPUTES)
  endif()
  poltergeist_use_test_headers(${name}_test ${computes})
  foreach(room IN LISTS ARG_DEPENDS)
    target_link_libraries(${name}_test PRIVATE poltergeist_${room})
  endforeach()
  target_compile_definitions(${name}_test PRIVATE
    POLTERGEIST_SOURCE_DIR="${PROJECT_SOURCE_DIR}" POLTERGEIST_BINARY_DIR="${PROJECT_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  poltergeist_long_proof(${name} SOURCES ${ARG_SOURCES} COMMAND ${name}_test)
endfunction()
