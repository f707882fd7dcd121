// SPDX-License-Identifier: MIT
#include "base/result.h"

namespace poltergeist {

Errc errc_for_errno(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return Errc::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return Errc::Denied;
    case EAGAIN:
    case EBUSY:
    case EADDRINUSE:
    case ETXTBSY:
      return Errc::Busy;
    case ETIMEDOUT:
      return Errc::Timeout;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
      return Errc::Unavailable;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP:
      return Errc::Invalid;
    default:
      return Errc::Io;
  }
}

}  // namespace poltergeist
