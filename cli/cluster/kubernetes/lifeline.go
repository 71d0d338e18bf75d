package main

import (
	"io"
	"os"
)

// A component must not outlive its supervisor, not even when that was killed with SIGKILL and could tell nobody. The
// supervisor holds the writing end of our stdin, so the kernel tells us: stdin ends when it does. (PDEATHSIG would be
// Linux only, and would be lost between fork and exec.) etcd is safe here: what it has acknowledged is on the disk.
func endWithSupervisor() {
	if os.Getenv("LEANVIBE_LIFELINE") != "stdin" {
		return
	}
	// Children (a kubectl plugin, a containerd shim) must not wait for a pipe that is not theirs.
	_ = os.Unsetenv("LEANVIBE_LIFELINE")
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}
