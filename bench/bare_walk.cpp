// SPDX-License-Identifier: MIT
// What stands beside us in the cold-start benchmark: walks a tree with getdents, looks at each file
// with statx and adds an inotify watch for each directory. Prints how many of each.
//
//   bare_walk DIRECTORY
#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int queue = ::inotify_init1(IN_CLOEXEC);
  std::vector<std::string> waiting{argv[1]};
  long directories = 0;
  long files = 0;
  while (!waiting.empty()) {
    const std::string path = std::move(waiting.back());
    waiting.pop_back();
    if (::inotify_add_watch(queue, path.c_str(),
                            IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MOVE | IN_ATTRIB) < 0) {
      std::perror(path.c_str());
      return 1;
    }
    ++directories;
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) continue;
    while (const dirent* entry = ::readdir(directory)) {
      if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
      if (entry->d_type == DT_DIR) {
        waiting.push_back(path + "/" + entry->d_name);
      } else {
        struct statx status {};
        ::statx(::dirfd(directory), entry->d_name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &status);
        ++files;
      }
    }
    ::closedir(directory);
  }
  std::printf("%ld directories, %ld files\n", directories, files);
  return 0;
}
