// SPDX-License-Identifier: MIT
#include "watch/asides.h"

#include <algorithm>

namespace poltergeist::watch {

void Asides::set(Purpose purpose, const std::vector<Place>& places) {
  std::vector<WatchToken> old;
  for (const auto& aside : asides_) {
    if (aside.purpose == purpose) old.push_back(aside.token);
  }
  std::erase_if(asides_, [&](const Aside& aside) { return aside.purpose == purpose; });
  std::erase(unwatched_, purpose);
  for (auto place : places) {
    const auto token = add(place);
    if (token && *token != WatchToken::None) asides_.push_back({purpose, place, *token});
    if (!token && token.error().code == Errc::Unavailable) unwatched_.push_back(purpose);
  }
  for (const auto token : old) {
    if (directory_of(token) == nullptr && table_.find(token) == DirectoryId::None) {
      source_.remove(token);
    }
  }
}

Result<WatchToken> Asides::add(Place& place) {
  auto token = source_.add(place.directory, place.interest);
  while (place.or_the_way_there && !token && token.error().code == Errc::NotFound &&
         place.directory.has_relative_path()) {
    place.names = {place.directory.filename().string()};
    place.directory = place.directory.parent_path();
    token = source_.add(place.directory, place.interest);
  }
  return token;
}

void Asides::forget_all() {
  asides_.clear();
  unwatched_.clear();
}

std::vector<Asides::Purpose> Asides::purposes_of(const Hint& hint) const {
  std::vector<Purpose> purposes;
  for (const auto& aside : asides_) {
    if (aside.token != hint.token) continue;
    const auto& names = aside.place.names;
    const bool meant = hint.name.empty() || names.empty() ||
                       std::find(names.begin(), names.end(), hint.name) != names.end();
    if (meant) purposes.push_back(aside.purpose);
  }
  return purposes;
}

const std::filesystem::path* Asides::directory_of(WatchToken token) const {
  const auto found = std::find_if(asides_.begin(), asides_.end(),
                                  [&](const Aside& aside) { return aside.token == token; });
  return found == asides_.end() ? nullptr : &found->place.directory;
}

}  // namespace poltergeist::watch
