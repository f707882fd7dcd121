// SPDX-License-Identifier: MIT

// Command tally counts equal lines of its standard input.
package main

import (
	"fmt"
	"os"

	"example.org/tally/internal/tally"
)

func main() {
	lines, err := tally.Lines(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(1)
	}
	for _, line := range lines {
		fmt.Printf("%6d  %s\n", line.Count, line.Text)
	}
}
