// SPDX-License-Identifier: MIT

// Command tmuxwatch shows the sessions of tmux and keeps the list up to date until it is interrupted.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const format = "#{session_name}\t#{session_windows} windows\t#{?session_attached,attached,}"

func sessions() string {
	out, err := exec.Command("tmux", "list-sessions", "-F", format).CombinedOutput()
	if err != nil {
		return "no sessions (" + strings.TrimSpace(string(out)) + ")\n"
	}
	return string(out)
}

func main() {
	every := flag.Duration("every", time.Second, "how often to look")
	flag.Parse()
	if *every <= 0 {
		fmt.Fprintln(os.Stderr, "tmuxwatch: -every must be more than 0")
		os.Exit(2)
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	tick := time.NewTicker(*every)
	defer tick.Stop()
	for {
		fmt.Printf("\x1b[H\x1b[2J%s", sessions())
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}
