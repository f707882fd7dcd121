// SPDX-License-Identifier: MIT
// Whole files: read with a limit, replaced by rename, directories that are ours alone.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sys/unique_fd.h"

namespace poltergeist {

inline constexpr std::size_t kReadLimit = 16 << 20;

// The whole text of a regular file of at most `limit` bytes. A FIFO or a device is Errc::Invalid:
// it would block.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t limit = kReadLimit);
// At most the last `limit` bytes.
[[nodiscard]] Result<std::string> read_tail(const std::filesystem::path& path, std::size_t limit);

enum class Sync { No, Yes };  // Yes: fdatasync before the rename, so that it survives a power cut

// Replaces `path` as a whole: a temporary file beside it (`.NAME.<pid>.tmp`, 0600), then rename. A
// reader sees the old text or the new one, never a part; on any error the old one stays and nothing
// is left.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, std::string_view text,
                                      Sync sync = Sync::No);

// Returns when what is in a file now survives a power cut (fdatasync). It may take seconds.
[[nodiscard]] Result<void> sync_file(const std::filesystem::path& path);

// What write_file() left beside `directory`'s files when its writer was killed: only files named as
// above whose pid is no more.
[[nodiscard]] std::vector<std::filesystem::path> leftover_temporaries(
    const std::filesystem::path& directory);
// Removes them, and returns how many.
std::size_t sweep_temporaries(const std::filesystem::path& directory);

// Makes sure that `directory` is a real directory (no symbolic link), ours, and open to nobody
// else. Creates it with 0700 (its parent must exist); refuses one that is not so with the reason.
[[nodiscard]] Result<void> ensure_private_directory(const std::filesystem::path& directory);

// A file in memory that holds `text`, at its beginning: a standard input that is never too full to
// write. `name` is for whoever looks at the descriptor.
[[nodiscard]] Result<UniqueFd> memory_file(const char* name, std::string_view text);

[[nodiscard]] Result<Pipe> make_pipe();
// The running program, also after its file was replaced.
[[nodiscard]] Result<std::filesystem::path> own_executable();
// Whether another file is at `place` now, from which this program was started: an update.
[[nodiscard]] bool is_replaced(const std::filesystem::path& place);

}  // namespace poltergeist
