// SPDX-License-Identifier: MIT
#include "process/cgroup_branch.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "process/pidfd.h"
#include "sys/clock.h"
#include "sys/files.h"

namespace poltergeist::process {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kPrefix = "poltergeist-";
constexpr auto kKept = "kept";
// Commands that end while others run need as many; more are not worth their memory.
constexpr std::size_t kMostFree = 8;
constexpr int kMostTries = 3;
constexpr Milliseconds kBranchesEndWithin{1000};
constexpr int kLookAgainMs = 1;

// Another one than that of an owner who had our number, also in another pid namespace.
std::string new_name() {
  std::uint32_t salt = 0;
  [[maybe_unused]] const auto count = ::getrandom(&salt, sizeof salt, GRND_NONBLOCK);
  return fmt::format("{}{}-{:08x}", kPrefix, ::getpid(), salt);
}

bool lock(const Cgroup& branch) {
  return ::flock(branch.fd(), LOCK_EX | LOCK_NB) == 0;
}

bool was_kept(const fs::path& branch) {
  return ::access((branch / kKept).c_str(), F_OK) == 0;
}

// All of them, or with an old kernel whom we find now.
void kill_all_of(const Cgroup& cgroup) {
  if (cgroup.kill()) return;
  for (const pid_t pid : cgroup.members()) {
    if (const auto entry = find_process(pid)) signal_process(entry->id, SIGKILL);
  }
}

// The branches below `own` whose owners are dead, locked, so that only we end them.
std::vector<Cgroup> left_branches(const fs::path& own) {
  std::vector<Cgroup> left;
  std::error_code error;
  for (fs::directory_iterator entry(own, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->path().filename().string().starts_with(kPrefix)) continue;
    auto branch = Cgroup::open(entry->path());
    if (branch && lock(*branch)) left.push_back(std::move(*branch));
  }
  return left;
}

}  // namespace

// ---- A leaf

CgroupLeaf::CgroupLeaf(CgroupLeaf&& other) noexcept
    : branch_(std::exchange(other.branch_, nullptr)),
      cgroup_(std::move(other.cgroup_)),
      use_(other.use_),
      leader_(other.leader_),
      is_spent_(other.is_spent_) {}

CgroupLeaf& CgroupLeaf::operator=(CgroupLeaf&& other) noexcept {
  if (this != &other) {
    give_back();
    branch_ = std::exchange(other.branch_, nullptr);
    cgroup_ = std::move(other.cgroup_);
    use_ = other.use_;
    leader_ = other.leader_;
    is_spent_ = other.is_spent_;
  }
  return *this;
}

void CgroupLeaf::set_leader(pid_t leader) {
  leader_ = leader;
  branch_->leaders_.insert(leader);
}

void CgroupLeaf::kill() {
  is_spent_ = true;
  cgroup_.kill();
}

void CgroupLeaf::refuse(int error) {
  is_spent_ = true;
  // Too many processes, no memory: that says nothing of cgroups. And what those did to it who were
  // in it before, say by killing it, says nothing of others.
  const bool is_general = error != EAGAIN && error != ENOMEM && use_ == Use::First;
  if (is_general && branch_->trouble_.empty()) {
    branch_->trouble_ = fmt::format("no process can be born in the cgroup {}: {}",
                                    branch_->path().string(), std::strerror(error));
    log_warn("{}; what is started is found by other means", branch_->trouble_);
  }
  give_back();
}

void CgroupLeaf::give_back() {
  if (branch_ == nullptr) return;
  branch_->take_back(std::move(cgroup_), leader_, is_spent_);
  branch_ = nullptr;
}

// ---- The branch

Result<std::unique_ptr<CgroupBranch>> CgroupBranch::create(const fs::path& own) {
  for (int i = 0; i < kMostTries; ++i) {
    auto root = Cgroup::create(own / new_name());
    if (!root) return fail(root.error());
    // Somebody who looked for left ones just then may have taken it for one.
    if (lock(*root) && ::access(root->path().c_str(), F_OK) == 0) {
      return std::unique_ptr<CgroupBranch>(new CgroupBranch(std::move(*root)));
    }
  }
  return fail(Errc::Busy, "cgroups below {} are taken away at once", own.string());
}

CgroupBranch::~CgroupBranch() {
  for (auto* leaves : {&free_, &occupied_}) {
    for (auto& leaf : *leaves) leaf.remove();
  }
  if (!root_.remove()) ::mkdir((path() / kKept).c_str(), 0755);
}

CgroupLeaf CgroupBranch::lend() {
  if (!trouble_.empty()) return {};
  if (free_.empty()) look_at_occupied();
  if (!free_.empty()) {
    CgroupLeaf leaf(*this, std::move(free_.back()), CgroupLeaf::Use::Again);
    free_.pop_back();
    return leaf;
  }
  auto made = Cgroup::create(path() / std::to_string(++made_));
  if (made) return {*this, std::move(*made), CgroupLeaf::Use::First};
  log_debug("a unit begins without a cgroup: {}", made.error().message);
  return {};
}

void CgroupBranch::take_back(Cgroup leaf, pid_t leader, bool is_spent) {
  leaders_.erase(leader);
  if (!is_spent && leaf.is_as_new() && free_.size() < kMostFree) {
    free_.push_back(std::move(leaf));
  } else if (!leaf.remove()) {
    occupied_.push_back(std::move(leaf));
  }
}

void CgroupBranch::look_at_occupied() {
  std::erase_if(occupied_, [](Cgroup& leaf) { return leaf.remove(); });
}

bool CgroupBranch::holds_orphan(pid_t child) const {
  if (leaders_.contains(child)) return false;
  const auto text = read_file(fmt::format("/proc/{}/cgroup", child));
  return text && text->find('/' + path().filename().string() + '/') != std::string::npos;
}

// ---- Those of others

bool end_branch(const fs::path& branch) {
  auto cgroup = Cgroup::open(branch);
  if (!cgroup) return cgroup.error().code == Errc::NotFound;
  kill_all_of(*cgroup);
  return cgroup->remove();
}

std::size_t end_left_branches(const fs::path& own) {
  std::size_t killed = 0;
  const Instant until = now() + kBranchesEndWithin;
  for (auto& branch : left_branches(own)) {
    if (branch.remove() || was_kept(branch.path())) continue;
    killed += branch.members().size();
    do {
      kill_all_of(branch);
      ::poll(nullptr, 0, kLookAgainMs);
    } while (!branch.remove() && now() < until);
  }
  return killed;
}

}  // namespace poltergeist::process
