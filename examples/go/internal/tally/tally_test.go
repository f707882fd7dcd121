// SPDX-License-Identifier: MIT

package tally

import (
	"reflect"
	"strings"
	"testing"
)

func TestTheMostFrequentLineComesFirst(t *testing.T) {
	lines, err := Lines(strings.NewReader("b\na\nb\nc\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []Line{{"b", 2}, {"a", 1}, {"c", 1}}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("got %v, want %v", lines, want)
	}
}
