// SPDX-License-Identifier: MIT
#include "state/channel_log.h"

#include <string>
#include <utility>

namespace poltergeist::state {

ChannelLog::ChannelLog(std::filesystem::path path, std::uint64_t limit)
    : file_(std::move(path), LogFile::Begin::Append), limit_(limit) {}

void ChannelLog::append(std::string_view line) {
  if (file_.size() > 0 && file_.size() + line.size() + 1 > limit_) file_.rotate();
  file_.append(std::string(line) + "\n");
}

}  // namespace poltergeist::state
