// SPDX-License-Identifier: MIT
#include "watch/read_ahead.h"

#include <utility>

#include "sys/clock.h"

namespace poltergeist::watch {

void ReadAhead::add(std::string path) {
  auto& batch = batches_[(first_ + batch_count_) % kBatches];
  batch.listings[batch.size++].path = std::move(path);
}

void ReadAhead::begin(Look look) {
  auto& batch = batches_[(first_ + batch_count_) % kBatches];
  ++batch_count_;
  assistant_.give([&batch, look] {
    for (std::size_t i = 0; i < batch.size; ++i) {
      auto& listing = batch.listings[i];
      listing.at = wall_now();
      listing.read = listing.reader.read(listing.path);
      if (listing.read && look == Look::Files) listing.reader.look_ahead();
    }
  });
}

bool ReadAhead::empty() const {
  return batch_count_ == 0 || (batch_count_ == 1 && taken_ == batches_[first_].size);
}

bool ReadAhead::is_ready() const {
  if (empty()) return false;
  const bool is_begun = taken_ > 0 && taken_ < batches_[first_].size;
  return is_begun || assistant_.is_done();
}

ReadAhead::Listing& ReadAhead::take() {
  if (taken_ > 0) batches_[first_].listings[taken_ - 1].reader.close();
  if (taken_ == batches_[first_].size) give_back_first();
  if (taken_ == 0) assistant_.await();
  return batches_[first_].listings[taken_++];
}

void ReadAhead::give_back_first() {
  batches_[first_].size = 0;
  first_ = (first_ + 1) % kBatches;
  --batch_count_;
  taken_ = 0;
}

}  // namespace poltergeist::watch
