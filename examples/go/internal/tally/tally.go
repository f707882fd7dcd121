// SPDX-License-Identifier: MIT

// Package tally counts lines.
package tally

import (
	"bufio"
	"io"
	"sort"
)

// Line is a text and how often it occurred.
type Line struct {
	Text  string
	Count int
}

// Lines counts equal lines, the most frequent first, equal counts by text.
func Lines(from io.Reader) ([]Line, error) {
	counts := map[string]int{}
	scanner := bufio.NewScanner(from)
	for scanner.Scan() {
		counts[scanner.Text()]++
	}
	lines := make([]Line, 0, len(counts))
	for text, count := range counts {
		lines = append(lines, Line{text, count})
	}
	sort.Slice(lines, func(i, j int) bool {
		if lines[i].Count != lines[j].Count {
			return lines[i].Count > lines[j].Count
		}
		return lines[i].Text < lines[j].Text
	})
	return lines, scanner.Err()
}
