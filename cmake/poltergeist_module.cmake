# A room of the house: one static library, and the only statement of what it may include.
#
#   poltergeist_module(watch SOURCES glob.cpp tree.cpp DEPENDS base sys LIBRARIES poltergeist::xxhash)
#
# DEPENDS names other rooms; tests/architecture compares every #include with it, and it with the picture
# in docs/architecture.md. LIBRARIES are third parties.
set_property(GLOBAL PROPERTY POLTERGEIST_ROOMS "")

# Half of what a small file takes to compile is reading the same headers again: all rooms share one
# precompiled header. A file includes what it needs all the same (scripts/test --soak compiles each without).
# JSON is not in it: two files of three do without, and each would instantiate its parser.
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/room_headers.cpp CONTENT "")
add_library(poltergeist_room_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/room_headers.cpp)
target_link_libraries(poltergeist_room_headers PRIVATE poltergeist_options tl::expected poltergeist::fmt)
target_compile_options(poltergeist_room_headers PRIVATE ${POLTERGEIST_ANALYSIS})
target_precompile_headers(poltergeist_room_headers PRIVATE
  <algorithm> <array> <filesystem> <fmt/format.h> <functional> <map> <memory> <optional> <set> <string>
  <string_view> <tl/expected.hpp> <unordered_map> <utility> <variant> <vector>)

function(poltergeist_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  add_library(poltergeist_${name} STATIC ${ARG_SOURCES})
  target_include_directories(poltergeist_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(poltergeist_${name} PRIVATE poltergeist_options)
  target_compile_options(poltergeist_${name} PRIVATE ${POLTERGEIST_ANALYSIS})
  target_precompile_headers(poltergeist_${name} REUSE_FROM poltergeist_room_headers)
  foreach(room IN LISTS ARG_DEPENDS)
    target_link_libraries(poltergeist_${name} PUBLIC poltergeist_${room})
  endforeach()
  target_link_libraries(poltergeist_${name} PUBLIC ${ARG_LIBRARIES})
  list(JOIN ARG_DEPENDS " " depends)
  set_property(GLOBAL APPEND PROPERTY POLTERGEIST_ROOMS "${name}: ${depends}")
endfunction()

# A program of the product: the file with its main(), and the room that does the work.
function(poltergeist_program name main room)
  add_executable(${name} ${main})
  target_link_libraries(${name} PRIVATE poltergeist_options poltergeist_${room})
  if(POLTERGEIST_STATIC)
    target_link_options(${name} PRIVATE -static-pie)
  endif()
  # All in one directory, as when installed: they find each other there.
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# Writes "room: dependency dependency" lines for the architecture test.
function(poltergeist_write_rooms file)
  get_property(rooms GLOBAL PROPERTY POLTERGEIST_ROOMS)
  list(JOIN rooms "\n" text)
  file(GENERATE OUTPUT ${file} CONTENT "${text}\n")
endfunction()
