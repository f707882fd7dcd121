# Everything comes from the distribution's packages (scripts/setup); nothing is downloaded.
find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 CONFIG REQUIRED)
find_package(tl-expected 1.0 CONFIG REQUIRED)
find_package(fmt 9 CONFIG REQUIRED)
find_package(spdlog 1.10 CONFIG REQUIRED)
find_package(CLI11 2.1 CONFIG REQUIRED)

# A program that needs no shared library starts in half the time and takes half the memory: of what a
# dynamic one has mapped, most is there to be found and relocated. fmt and spdlog come as shared libraries
# or as headers, so here they are headers.
option(POLTERGEIST_STATIC "Link the programs statically (design: speed)" OFF)
add_library(poltergeist::fmt INTERFACE IMPORTED GLOBAL)
add_library(poltergeist::spdlog INTERFACE IMPORTED GLOBAL)
if(POLTERGEIST_STATIC)
  target_link_libraries(poltergeist::fmt INTERFACE fmt::fmt-header-only)
  target_compile_definitions(poltergeist::spdlog INTERFACE SPDLOG_FMT_EXTERNAL)
  target_link_libraries(poltergeist::spdlog INTERFACE poltergeist::fmt)
else()
  target_link_libraries(poltergeist::fmt INTERFACE fmt::fmt)
  target_link_libraries(poltergeist::spdlog INTERFACE spdlog::spdlog)
endif()

# Linked statically where the distribution has an archive: each shared library costs every command some
# of the 5 ms that it has (design: speed).
function(poltergeist_static_library target header archive)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIBRARY NAMES lib${archive}.a ${archive} REQUIRED)
  add_library(poltergeist::${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(poltergeist::${target} SYSTEM INTERFACE ${${target}_INCLUDE})
  target_link_libraries(poltergeist::${target} INTERFACE ${${target}_LIBRARY} ${ARGN})
endfunction()

poltergeist_static_library(sqlite sqlite3.h sqlite3 Threads::Threads ${CMAKE_DL_LIBS} m)
poltergeist_static_library(re2 re2/re2.h re2 Threads::Threads)
poltergeist_static_library(xxhash xxhash.h xxhash)
poltergeist_static_library(md sha2.h md)
