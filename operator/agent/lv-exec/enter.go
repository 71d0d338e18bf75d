package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// On enter's side: the order, and where it says why it could not carry it out. Both end with exec.
	orderFd  = 3
	faultFd  = 4
	niceness = 10
	// Every process of a run is ended by the kernel before any of ours.
	oomScore = "1000"
	// Of processor time, for each second that a run may take: several threads, and no process that spins for ever.
	processorsAtMost = 8
	// What a process may reserve, for each byte that all may hold.
	reservedAtMost = 8
)

// The last step: this process becomes the command, within its fences.
func enter() error {
	fault := os.NewFile(faultFd, "fault")
	err := becomeCommand()
	_, _ = io.WriteString(fault, err.Error())
	return err
}

func becomeCommand() error {
	asked, _, _, err := readOrder(os.NewFile(orderFd, "order"))
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	// Where /proc hides it or the score is fixed, the kernel chooses as it does.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte(oomScore), 0)
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, niceness); err != nil {
		return fmt.Errorf("nice: %w", err)
	}
	if err := unix.Chdir(asked.Dir); err != nil {
		return fmt.Errorf("chdir %s: %w", asked.Dir, err)
	}
	unix.Umask(0o022)
	abi := landlockABI()
	var protected []int
	threads := uint64(0)
	if found, err := processes(); err == nil {
		threads = threadsOf(found, os.Getuid())
		if abi < abiWithScopes {
			protected = threadsToProtect()
		}
	}
	path, err := find(asked.Argv[0], asked.Env)
	if err != nil {
		return err
	}
	fences := filter(protected)
	if err := unix.CloseRange(orderFd, ^uint(0), unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close_range: %w", err)
	}
	if err := landlock(asked, abi); err != nil {
		return err
	}
	if err := limit(asked, threads); err != nil {
		return err
	}
	if err := fences.install(); err != nil {
		return err
	}
	return fmt.Errorf("exec %s: %w", path, syscall.Exec(path, asked.Argv, asked.Env))
}

// Bounds of each process. Address space is none of them: V8 reserves tens of gigabytes that it never touches, and of what
// it may write to (RLIMIT_DATA) half a gigabyte for each thread that runs JavaScript. So that is bounded loosely; what all
// processes together hold is the supervisor's to watch.
func limit(asked order, threads uint64) error {
	seconds := uint64(asked.TimeoutMilliseconds/1000+1) * processorsAtMost
	for resource, bound := range map[int]uint64{
		// The kernel counts threads of the user, whoever started them.
		unix.RLIMIT_NPROC:      threads + asked.Processes,
		unix.RLIMIT_FSIZE:      asked.FileBytes,
		unix.RLIMIT_NOFILE:     asked.OpenFiles,
		unix.RLIMIT_CPU:        seconds,
		unix.RLIMIT_CORE:       0,
		unix.RLIMIT_MEMLOCK:    0,
		unix.RLIMIT_MSGQUEUE:   0,
		unix.RLIMIT_NICE:       0,
		unix.RLIMIT_RTPRIO:     0,
		unix.RLIMIT_SIGPENDING: 1024,
		unix.RLIMIT_DATA:       asked.MemoryBytes * reservedAtMost,
	} {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(resource, &now); err != nil {
			return fmt.Errorf("getrlimit %d: %w", resource, err)
		}
		// Where the machine allows less already, that holds.
		bound = min(bound, now.Max)
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: bound, Max: bound}); err != nil {
			return fmt.Errorf("setrlimit %d: %w", resource, err)
		}
	}
	return nil
}

// As a shell finds it, by the PATH of the command's own environment.
func find(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, variable := range env {
		list, ok := strings.CutPrefix(variable, "PATH=")
		if !ok {
			continue
		}
		for _, folder := range filepath.SplitList(list) {
			path := filepath.Join(folder, name)
			if found, err := os.Stat(path); err == nil && found.Mode().IsRegular() && found.Mode()&0o111 != 0 {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("%s: not found", name)
}
