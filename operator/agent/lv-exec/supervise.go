package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The first step: a process that may signal only what it starts, which then becomes the supervisor. It execs so that
// every thread of the supervisor is bound alike.
func run() error {
	if os.Getuid() == 0 {
		return errors.New("runs as root; fences are for a user without rights")
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if landlockABI() < 1 {
		return errNoLandlock
	}
	arguments := append([]string{os.Args[0], "supervise"}, os.Args[2:]...)
	if landlockABI() >= abiWithScopes {
		if err := scopeSignals(); err != nil {
			return err
		}
		arguments = append(arguments, scopedSignals)
	}
	return fmt.Errorf("exec: %w", syscall.Exec("/proc/self/exe", arguments, os.Environ()))
}

// Said by run to the supervisor that it becomes. Without it kill(-1) would reach everything of the user.
const scopedSignals = "--signals-are-scoped"

const lookAgain = time.Millisecond

type supervisor struct {
	asked  order
	scoped bool
	once   sync.Once
	ended  string
}

// The middle step: starts the command, ends all of it when a bound is reached or whoever ordered it is gone, and tells
// how it ended when nothing of it is left.
func supervise(scoped bool) error {
	control := os.NewFile(controlFd, "control")
	unix.CloseOnExec(controlFd)
	asked, line, rest, err := readOrder(control)
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("subreaper: %w", err)
	}
	held := &supervisor{asked: asked, scoped: scoped, ended: endedItself}
	child, err := start(line)
	if err != nil {
		leaveNothing(held.scoped)
		return err
	}
	silence()
	go held.endWithOrderer(rest)
	go held.watch()
	status := held.reap(child)
	return json.NewEncoder(control).Encode(held.result(status))
}

// Starts `enter` with the order, and returns once it has become the command.
func start(line []byte) (int, error) {
	orderPipe, faultPipe := [2]int{}, [2]int{}
	if err := errors.Join(unix.Pipe2(orderPipe[:], unix.O_CLOEXEC), unix.Pipe2(faultPipe[:], unix.O_CLOEXEC)); err != nil {
		return 0, err
	}
	child, err := syscall.ForkExec("/proc/self/exe", append([]string{"lv-exec", "enter"}, os.Args[2:]...), &syscall.ProcAttr{
		Files: []uintptr{0, 1, 2, uintptr(orderPipe[0]), uintptr(faultPipe[1])},
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL},
	})
	_, _ = unix.Close(orderPipe[0]), unix.Close(faultPipe[1])
	if err != nil {
		return 0, fmt.Errorf("start: %w", err)
	}
	sender := os.NewFile(uintptr(orderPipe[1]), "order")
	if _, err := sender.Write(line); err != nil {
		return 0, fmt.Errorf("order: %w", err)
	}
	sender.Close()
	fault, err := io.ReadAll(os.NewFile(uintptr(faultPipe[0]), "fault"))
	if err == nil && len(fault) > 0 {
		err = errors.New("the command was not started")
	}
	return child, err
}

// Whoever reads the command's output must see its end, so the supervisor holds none of it.
func silence() {
	if null, err := unix.Open("/dev/null", unix.O_RDWR, 0); err == nil {
		for fd := range 3 {
			_ = unix.Dup2(null, fd)
		}
	}
}

func (held *supervisor) end(why string) {
	held.once.Do(func() { held.ended = why })
	endAll(held.scoped)
}

func (held *supervisor) endWithOrderer(control *bufio.Reader) {
	_, _ = io.Copy(io.Discard, control)
	held.end(endedByOrder)
}

// Waits for the command, then leaves nothing behind: also what has left its session, its group or its parents.
func (held *supervisor) reap(child int) unix.WaitStatus {
	var status unix.WaitStatus
	for {
		var each unix.WaitStatus
		id, err := unix.Wait4(-1, &each, 0, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || id == child {
			status = each
			break
		}
	}
	// Time that is over now ended nothing.
	held.once.Do(func() {})
	leaveNothing(held.scoped)
	return status
}

// Ends and awaits everything below us, until the kernel says that there is nothing.
func leaveNothing(scoped bool) {
	for {
		endAll(scoped)
		for {
			id, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if errors.Is(err, unix.ECHILD) {
				return
			}
			if id <= 0 {
				break
			}
		}
		time.Sleep(lookAgain)
	}
}

func (held *supervisor) result(status unix.WaitStatus) result {
	if held.ended == endedItself && held.diskIsFull() {
		held.ended = endedDisk
	}
	if status.Signaled() {
		return result{Signal: int(status.Signal()), Ended: held.ended}
	}
	code := status.ExitStatus()
	return result{Code: &code, Ended: held.ended}
}
