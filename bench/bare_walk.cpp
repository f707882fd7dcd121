// SPDX-License-Identifier: MIT
// What stands beside us where whole trees are read: walks a tree with getdents, looks at each file
// with statx and adds an inotify watch for each directory. Prints how many of each. With --stay it
// then reads events for ever, and looks at what each of them names.
//
//   bare_walk DIRECTORY [--stay]
#include <dirent.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

namespace {

void look_at_all_events(int queue, const std::vector<std::string>& directories) {
  std::vector<char> buffer(1 << 18);
  std::string path;
  while (true) {
    const auto count = ::read(queue, buffer.data(), buffer.size());
    if (count <= 0) return;
    for (const char* at = buffer.data(); at < buffer.data() + count;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof event);
      const char* name = at + sizeof event;
      at = name + event.len;
      if (event.wd < 1 || event.len == 0) continue;
      path = directories.at(static_cast<std::size_t>(event.wd)) + "/" + name;
      struct stat status {};
      ::lstat(path.c_str(), &status);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const bool stay = argc == 3 && std::strcmp(argv[2], "--stay") == 0;
  if (argc != 2 && !stay) return 2;
  const int queue = ::inotify_init1(IN_CLOEXEC);
  std::vector<std::string> by_watch{""};  // the kernel counts from 1
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
    if (stay) by_watch.push_back(path);
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
  std::fflush(stdout);
  if (stay) look_at_all_events(queue, by_watch);
  return 0;
}
