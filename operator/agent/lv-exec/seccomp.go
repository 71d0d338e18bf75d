package main

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// System calls that no test or program of ours needs and that lead out, or into another process. Landlock judges paths;
// these are the ways around paths.
var refused = []uintptr{
	// Into another process of the same user.
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE,
	unix.SYS_PROCESS_MRELEASE, unix.SYS_PIDFD_GETFD, unix.SYS_KCMP, unix.SYS_MOVE_PAGES, unix.SYS_MIGRATE_PAGES,
	// Into the kernel.
	unix.SYS_KEXEC_LOAD, unix.SYS_KEXEC_FILE_LOAD, unix.SYS_BPF, unix.SYS_USERFAULTFD, unix.SYS_PERF_EVENT_OPEN,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_SYSLOG, unix.SYS_ACCT,
	unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX,
	unix.SYS_SETHOSTNAME, unix.SYS_SETDOMAINNAME, unix.SYS_VHANGUP,
	// It does, in the kernel, what this filter refuses.
	unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER,
	// Another view of the file system, and files by another name than their path.
	unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE,
	unix.SYS_OPEN_TREE_ATTR, unix.SYS_FSOPEN, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSPICK,
	unix.SYS_MOUNT_SETATTR, unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_FANOTIFY_INIT,
	unix.SYS_UNSHARE, unix.SYS_SETNS,
	// What outlives every process, or is memory that no limit counts: left behind by one run for the next.
	unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_SHMGET, unix.SYS_MSGGET, unix.SYS_SEMGET,
	unix.SYS_MQ_OPEN, unix.SYS_MEMFD_CREATE, unix.SYS_MEMFD_SECRET,
}

const namespaceFlags = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// Calls that name another process by their first argument: 0 is oneself.
var onlyOneself = []uintptr{
	unix.SYS_PRLIMIT64, unix.SYS_SCHED_SETAFFINITY, unix.SYS_SCHED_SETSCHEDULER, unix.SYS_SCHED_SETPARAM,
	unix.SYS_SCHED_SETATTR,
}

// Where Landlock cannot keep signals in, the filter refuses those to the processes and threads that must live on.
var signalling = []uintptr{unix.SYS_KILL, unix.SYS_TGKILL, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO}

// The kernel signals whoever owns a file when something comes on it, and whoever holds the file names the owner.
var owning = []struct {
	call     uintptr
	commands []uint32
}{
	{unix.SYS_FCNTL, []uint32{unix.F_SETOWN, unix.F_SETOWN_EX}},
	{unix.SYS_IOCTL, []uint32{fileSetOwner, unix.SIOCSPGRP}},
}

const (
	// FIOSETOWN, which the library does not know.
	fileSetOwner = 0x8901

	offsetOfNumber       = 0
	offsetOfArchitecture = 4
	offsetOfArguments    = 16

	// To the ioprio and priority calls: one process, and not all of a user.
	priorityOfProcess = 0
	ioPriorityProcess = 1

	load      = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	ifEqual   = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	ifAtLeast = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
	ifAnyBit  = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	answer    = unix.BPF_RET | unix.BPF_K

	refuse = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	absent = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

type program []unix.SockFilter

// The filter, as a program: everything is allowed but what is named. `protected` are processes that may not be signalled.
func filter(protected []int) program {
	var built program
	built.add(load, offsetOfArchitecture, 0, 0)
	built.add(ifEqual, auditArchitecture, 1, 0)
	// Another architecture has other numbers for the same calls.
	built.add(answer, unix.SECCOMP_RET_KILL_PROCESS, 0, 0)
	built.add(load, offsetOfNumber, 0, 0)
	if runtime.GOARCH == "amd64" {
		built.add(ifAtLeast, x32Bit, 0, 1)
		built.add(answer, unix.SECCOMP_RET_KILL_PROCESS, 0, 0)
	}
	for _, number := range append(refused, refusedHere...) {
		built.on(number, program{{Code: answer, K: refuse}})
	}
	// Its flags lie in memory, where a filter cannot look; without it every library falls back to clone.
	built.on(unix.SYS_CLONE3, program{{Code: answer, K: absent}})
	built.on(unix.SYS_CLONE, program{argument(0), {Code: ifAnyBit, K: namespaceFlags, Jf: 1}, {Code: answer, K: refuse}})
	for _, number := range []uintptr{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR} {
		built.on(number, unlessEqual(0, unix.AF_UNIX))
	}
	for _, number := range onlyOneself {
		built.on(number, unlessEqual(0, 0))
	}
	built.on(unix.SYS_SETPRIORITY, append(unlessEqual(0, priorityOfProcess), unlessEqual(1, 0)...))
	built.on(unix.SYS_IOPRIO_SET, append(unlessEqual(0, ioPriorityProcess), unlessEqual(1, 0)...))
	if len(protected) > 0 {
		built.protect(protected)
		built.refuseOwners()
	}
	built.add(answer, unix.SECCOMP_RET_ALLOW, 0, 0)
	return built
}

func (built *program) protect(protected []int) {
	built.on(unix.SYS_PIDFD_SEND_SIGNAL, program{{Code: answer, K: refuse}})
	for _, number := range signalling {
		body := program{argument(0)}
		for _, process := range append([]int{-1}, protected...) {
			body.add(ifEqual, uint32(int32(process)), 0, 1)
			body.add(answer, refuse, 0, 0)
			body.add(ifEqual, uint32(int32(-process)), 0, 1)
			body.add(answer, refuse, 0, 0)
		}
		built.on(number, body)
	}
}

func (built *program) refuseOwners() {
	for _, each := range owning {
		body := program{argument(1)}
		for _, command := range each.commands {
			body.add(ifEqual, command, 0, 1)
			body.add(answer, refuse, 0, 0)
		}
		built.on(each.call, body)
	}
}

func (built *program) add(code uint16, k uint32, ifTrue, ifFalse uint8) {
	*built = append(*built, unix.SockFilter{Code: code, K: k, Jt: ifTrue, Jf: ifFalse})
}

// What happens on one system call. A body that does not answer leads on, with the number loaded anew.
func (built *program) on(number uintptr, body program) {
	body = append(body, unix.SockFilter{Code: load, K: offsetOfNumber})
	// A jump reaches 255 instructions; JA reaches them all.
	built.add(ifEqual, uint32(number), 1, 0)
	built.add(unix.BPF_JMP|unix.BPF_JA, uint32(len(body)), 0, 0)
	*built = append(*built, body...)
}

// The kernel takes these arguments as int: what is in their upper half it never sees, and neither do we.
func argument(index uint32) unix.SockFilter {
	return unix.SockFilter{Code: load, K: offsetOfArguments + 8*index}
}

func unlessEqual(index uint32, value uint32) program {
	return program{argument(index), {Code: ifEqual, K: value, Jt: 1}, {Code: answer, K: refuse}}
}

func (built program) install() error {
	described := unix.SockFprog{Len: uint16(len(built)), Filter: &built[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&described)))
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	return nil
}
