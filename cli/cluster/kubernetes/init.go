//go:build unix

package main

import (
	"errors"
	"syscall"
	"time"
)

// The first process of the cluster's PID namespace. When it ends the kernel kills everything else in there, so a whole
// cluster is one process to stop. It also inherits every orphan (a containerd shim is one by design) and must reap it,
// or each pod would leave a zombie; Node cannot do that.
func reapForever() error {
	for {
		_, err := syscall.Wait4(-1, nil, 0, nil)
		if errors.Is(err, syscall.ECHILD) {
			time.Sleep(time.Second)
		}
	}
}
