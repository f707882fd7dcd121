// SPDX-License-Identifier: MIT
// Reads directories on a thread of its own, and looks at the files in them, for whoever has many to
// read and reads others meanwhile. They are given back in the order in which they were asked for.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "sys/assistant.h"
#include "watch/directory_reader.h"

namespace poltergeist::watch {

class ReadAhead {
 public:
  // Directories that the thread is told of at once: telling takes about as long as reading one.
  static constexpr std::size_t kBatch = 16;

  struct Listing {
    std::string path;
    DirectoryReader reader;
    Result<void> read;  // what reader.read(path) said
    WallTime at{};      // before it was read
  };

  // Whether another batch may be asked for.
  [[nodiscard]] bool has_room() const { return batch_count_ < kBatches; }
  // Nothing is left to take.
  [[nodiscard]] bool empty() const;
  // The next has been read: take() would not wait.
  [[nodiscard]] bool is_ready() const;
  // The batch that is asked for next: up to kBatch paths, at least one, then begin().
  void add(std::string path);
  enum class Look { Names, Files };
  void begin(Look look);
  // The first that was not taken yet; waits until it has been read. Valid until the next call.
  [[nodiscard]] Listing& take();

 private:
  // One that is worked off by the owner, one that is read, one that waits to be.
  static constexpr std::size_t kBatches = 3;
  struct Batch {
    std::array<Listing, kBatch> listings;
    std::size_t size = 0;
  };

  void give_back_first();

  std::array<Batch, kBatches> batches_;
  std::size_t first_ = 0;
  std::size_t batch_count_ = 0;  // that were begun and are not given back
  std::size_t taken_ = 0;        // of the first
  Assistant assistant_;          // last: it ends before what it fills
};

}  // namespace poltergeist::watch
