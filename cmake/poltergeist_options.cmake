# What every target of ours is compiled with. Linked PRIVATE, so that nothing leaks to third parties.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

# A faster linker where there is one; the program is the same.
find_program(POLTERGEIST_MOLD mold)
if(POLTERGEIST_MOLD AND NOT CMAKE_INTERPROCEDURAL_OPTIMIZATION)
  add_link_options(-fuse-ld=mold)
endif()

add_library(poltergeist_options INTERFACE)
target_compile_options(poltergeist_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wswitch-enum -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough -Wformat=2
  # A designated initialiser that leaves members at their defaults is how options are passed here.
  -Wno-missing-field-initializers
  $<$<CONFIG:Debug>:-D_GLIBCXX_ASSERTIONS>
  $<$<BOOL:${POLTERGEIST_STATIC}>:-fPIE>)

# GCC 12's analysis misfires inside the standard library under sanitizers and in Catch2's macros: it is for
# the product's own code in ordinary builds (poltergeist_module).
if(NOT CMAKE_CXX_FLAGS MATCHES "fsanitize")
  set(POLTERGEIST_ANALYSIS -Wnull-dereference)
endif()
