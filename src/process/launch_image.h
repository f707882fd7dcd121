// SPDX-License-Identifier: MIT
// A private copy of a built program, taken when its build has ended well: the next build may
// overwrite the original whenever it likes, and what it has written half is never started.
//
// The copy is a file without a name (O_TMPFILE) in the artifact's own directory. So a program finds
// what lies beside it ($ORIGIN, the directory of /proc/self/exe), nobody else sees it, nothing of
// it is left whoever is killed, and the disk gets its room back when the last one that holds or
// runs it is gone. Where the file system can, the copy shares the blocks of the original.
//
// Nobody writes while it is copied: the read lease that is held meanwhile is refused if somebody
// has the artifact open for writing, and lets who opens it for writing wait until the copy is
// there. Where there are no leases, its size and time before and after tell whether it was written
// in between: then the copy is worth nothing. One that was replaced by another file was whole.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist::process {

class LaunchImage {
 public:
  // Opens the artifact, and keeps it from being written. Nothing for what is no program by itself
  // (a script): that is started from its path. Errc::Busy: it is being written, or a part of it is
  // missing. Errc::Invalid: a copy would not do what the original does (set-user-id, set-group-id,
  // file capabilities). All others: there can be no copy in that place; the message says why.
  [[nodiscard]] static Result<std::optional<LaunchImage>> begin(
      const std::filesystem::path& artifact);

  // Once, from any thread: about half a millisecond per megabyte where no blocks can be shared.
  // Errc::Busy: it was written meanwhile. Others as above.
  [[nodiscard]] Result<void> copy();

  [[nodiscard]] const std::filesystem::path& artifact() const { return artifact_; }
  // After copy(): what to execute.
  [[nodiscard]] int fd() const { return copy_.get(); }

 private:
  LaunchImage(std::filesystem::path artifact, UniqueFd source, const struct ::stat& before,
              UniqueFd copy);
  [[nodiscard]] Result<void> fill();
  [[nodiscard]] bool is_as_before() const;

  std::filesystem::path artifact_;
  UniqueFd source_;  // with the lease, until the copy is there
  struct ::stat before_;
  UniqueFd copy_;  // for writing, and from the end of copy() on for reading
};

}  // namespace poltergeist::process
