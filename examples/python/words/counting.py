# SPDX-License-Identifier: MIT
import re
from collections import Counter


def count_words(text: str) -> Counter:
    """How often each word occurs; words are letters, in lower case."""
    return Counter(re.findall(r"[^\W\d_]+", text.lower()))
