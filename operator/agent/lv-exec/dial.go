package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const dialAgain = 5 * time.Millisecond

// Joins fd 3 to a unix socket in the folder, as soon as somebody listens there. It is found without following a
// link and called by what was found, so that no name put in its place in between leads anywhere else.
func dial(folder, name string) error {
	if steps, err := stepsOf(name); err != nil || len(steps) != 1 {
		return fmt.Errorf("%q is no name", name)
	}
	root, err := unix.Open(folder, ownFolder, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: folder, Err: err}
	}
	for {
		line, err := connect(root, name)
		if err == nil {
			return relay(line)
		}
		if !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ECONNREFUSED) {
			return err
		}
		time.Sleep(dialAgain)
	}
}

func connect(root int, name string) (int, error) {
	found, err := unix.Openat2(root, name, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: withinFolder})
	if err != nil {
		return 0, err
	}
	defer unix.Close(found)
	var described unix.Stat_t
	if err := unix.Fstat(found, &described); err != nil {
		return 0, err
	}
	if described.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return 0, fmt.Errorf("%s is no socket", name)
	}
	line, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := unix.Connect(line, &unix.SockaddrUnix{Name: fmt.Sprintf("/proc/self/fd/%d", found)}); err != nil {
		unix.Close(line)
		return 0, err
	}
	return line, nil
}

func relay(line int) error {
	service := os.NewFile(uintptr(line), "service")
	caller := os.NewFile(controlFd, "caller")
	go func() {
		_, _ = io.Copy(service, caller)
		_ = unix.Shutdown(line, unix.SHUT_WR)
	}()
	_, err := io.Copy(caller, service)
	return err
}
