# SPDX-License-Identifier: MIT
import sys

from .counting import count_words


def main() -> int:
    """Counts the words of the standard input, the most frequent first."""
    for word, count in count_words(sys.stdin.read()).most_common():
        print(f"{count}\t{word}")
    return 0
