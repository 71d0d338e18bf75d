package main

import (
	"os"

	"golang.org/x/sys/unix"
)

type fences struct {
	Landlock int  `json:"landlock"`
	Seccomp  bool `json:"seccomp"`
	// Signals and abstract sockets are kept in by Landlock, not only by the filter.
	Scopes bool   `json:"scopes"`
	Root   bool   `json:"root"`
	Why    string `json:"why,omitempty"`
}

// Which fences this machine has, for whoever decides where agents may run.
func probe() fences {
	found := fences{Landlock: landlockABI(), Root: os.Getuid() == 0}
	found.Scopes = found.Landlock >= abiWithScopes
	// What it asks for is nonsense, so that a kernel that knows the call says EFAULT and installs nothing.
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, 0)
	found.Seccomp = errno == unix.EFAULT
	if found.Landlock < 1 {
		found.Why = errNoLandlock.Error()
	}
	return found
}
