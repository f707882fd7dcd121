// SPDX-License-Identifier: MIT
// Says under which name and from where it runs, and whether it finds what lies beside it.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

extern "C" int beside();

int main(int, char** argv) {
  std::string name;
  std::getline(std::ifstream("/proc/self/comm"), name);
  const auto directory = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  void* loaded = ::dlopen("libloaded.so", RTLD_NOW);
  const auto mode = static_cast<unsigned>(std::filesystem::status("/proc/self/exe").permissions());
  std::printf("%s|%s|%s|%d|%s|%o\n", name.c_str(), argv[0], directory.c_str(), beside(),
              loaded != nullptr ? "loaded" : "not loaded", mode);
  // What it was not given to inherit.
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (!gone && target.parent_path() == directory) std::printf("inherited %s\n", target.c_str());
  }
}
