// SPDX-License-Identifier: MIT
// The seam to whatever says that something may have changed: the kernel, another program, a timer
// that polls, or a test's script. What it says are hints; a stat decides. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.h"
#include "base/result.h"
#include "base/time.h"

namespace poltergeist::watch {

// Stands for one watched directory. Never used again for another while the source lives. Adding a
// directory that is watched already (by another path, too) gives the same token.
// None: the directory needs no watch, for the source says Anything and never more.
enum class WatchToken : std::int32_t { None = -1 };

struct Hint {
  enum class What : std::uint8_t {
    Changed,            // the entry `name` appeared, changed, or got other attributes
    Created,            // the entry `name` appeared; Changed will follow if it is being written
    Writing,            // the entry `name` is being written; Changed will follow when that is over
    Gone,               // the entry `name` was deleted or moved away
    DirectoryAppeared,  // or got other attributes
    DirectoryGone,      // deleted or moved away: watches below are of no use now
    SelfGone,           // the watched directory itself was deleted or unmounted; the token is void
    SelfMoved,          // the watched directory itself has another name now
    Anything,           // what changed is not known: compare everything (no token)
    Overflow,           // the same, because hints were lost
    Reset               // the same, and every token that was given is void: add all again
  };
  What what = What::Changed;
  WatchToken token = WatchToken::None;
  std::string_view name;  // valid until the next call of the source

  friend bool operator==(const Hint&, const Hint&) = default;
};

// Changed will follow, or need not be waited for.
[[nodiscard]] constexpr bool is_of_writing(Hint::What what) {
  return what == Hint::What::Created || what == Hint::What::Writing;
}

inline constexpr auto kHintKinds = std::to_array<EnumName<Hint::What>>({
    {Hint::What::Changed, "changed"},
    {Hint::What::Created, "created"},
    {Hint::What::Writing, "writing"},
    {Hint::What::Gone, "gone"},
    {Hint::What::DirectoryAppeared, "directory-appeared"},
    {Hint::What::DirectoryGone, "directory-gone"},
    {Hint::What::SelfGone, "self-gone"},
    {Hint::What::SelfMoved, "self-moved"},
    {Hint::What::Anything, "anything"},
    {Hint::What::Overflow, "overflow"},
    {Hint::What::Reset, "reset"},
});

enum class Interest {
  Tree,   // entries, their contents and attributes
  Root,   // the same, and the directory's own end
  Aside,  // entries and finished writes only: a directory beside the tree, for one name in it
  Above   // only entries that go, and its own end: the directory that the root is in
};

class ChangeSource {
 public:
  ChangeSource() = default;
  ChangeSource(const ChangeSource&) = delete;
  ChangeSource& operator=(const ChangeSource&) = delete;
  virtual ~ChangeSource() = default;

  // Readable when hints wait; -1: there is only deadline().
  [[nodiscard]] virtual int fd() const = 0;
  [[nodiscard]] virtual std::optional<Instant> deadline() const = 0;
  // What the configuration calls it; it may change with a read().
  [[nodiscard]] virtual std::string_view name() const = 0;
  // What it cannot do as it should, for people, with what to do about it; empty if nothing.
  [[nodiscard]] virtual std::string shortfall() const { return {}; }

  // After it, the hints that read() gives until there are none left tell of all that happened
  // before the call. An error: that cannot be had; compare everything.
  [[nodiscard]] virtual Result<void> sync() = 0;
  // How long the comparison took that the last Anything asked for.
  virtual void compared(Instant /*began*/, Instant /*ended*/) {}

  // Watches a directory; never follows a link. Errc::NotFound if it is none (any more),
  // Errc::Denied, Errc::Unavailable if there are no more watches to be had.
  [[nodiscard]] virtual Result<WatchToken> add(const std::string& directory, Interest interest) = 0;
  virtual void remove(WatchToken token) = 0;

  // Appends some of the waiting hints; false if there were none.
  [[nodiscard]] virtual Result<bool> read(std::vector<Hint>& hints, Instant now) = 0;
};

}  // namespace poltergeist::watch
