# SPDX-License-Identifier: MIT
"""Counts words."""

from .counting import count_words

__all__ = ["count_words"]
