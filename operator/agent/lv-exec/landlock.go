package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What each version of Landlock can refuse; the index is the version. A right that a kernel does not know it would
// refuse as a mistake, so only those of its version are asked for.
var fileRightsSince = []uint64{
	1: unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_READ_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM,
	2: unix.LANDLOCK_ACCESS_FS_REFER,
	3: unix.LANDLOCK_ACCESS_FS_TRUNCATE,
	5: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV,
}

const (
	abiWithNetwork = 4
	// From here on a run can be kept from signalling anybody else, and from abstract sockets.
	abiWithScopes = 6

	rightsToRead = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	// Device nodes need CAP_MKNOD, and ioctls of devices are nobody's business here.
	rightsNever    = unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	rightsOfAFile  = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	rightsOfDevice = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE
)

// What a program finds even with no folder of its own. No /proc: there are other processes' environments and memory.
var devices = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}

// The version of Landlock here, 0 where there is none.
func landlockABI() int {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return min(int(version), landlockAtMost())
}

// For tests: do as on an older kernel, which lacks some fences. Each step passes it on to the next.
const landlockAtMostOption = "--landlock-at-most="

func landlockAtMost() int {
	for _, argument := range os.Args[1:] {
		if text, ok := strings.CutPrefix(argument, landlockAtMostOption); ok {
			if number, err := strconv.Atoi(text); err == nil {
				return number
			}
		}
	}
	return math.MaxInt
}

var errNoLandlock = errors.New("this kernel has no Landlock (Linux 5.13 with `landlock` in its lsm= list): without it a run could read what is not its own, so nothing is run")

func fileRights(abi int) uint64 {
	var rights uint64
	for since, added := range fileRightsSince {
		if since <= abi {
			rights |= added
		}
	}
	return rights
}

// From here on this thread, and what it starts, may signal only what is started from here on.
func scopeSignals() error {
	ruleset, err := createRuleset(unix.LandlockRulesetAttr{Scoped: unix.LANDLOCK_SCOPE_SIGNAL})
	if err != nil {
		return err
	}
	return restrictSelf(ruleset)
}

// From here on this thread sees only what the order names.
func landlock(asked order, abi int) error {
	if abi < 1 {
		return errNoLandlock
	}
	handled := fileRights(abi)
	attributes := unix.LandlockRulesetAttr{Access_fs: handled}
	if abi >= abiWithNetwork {
		attributes.Access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if abi >= abiWithScopes {
		attributes.Scoped = unix.LANDLOCK_SCOPE_SIGNAL | unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	ruleset, err := createRuleset(attributes)
	if err != nil {
		return err
	}
	for _, path := range asked.Readable {
		if err := allow(ruleset, path, handled&rightsToRead); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for _, path := range devices {
		if err := allow(ruleset, path, handled&rightsOfDevice); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for _, path := range asked.Writable {
		if err := allow(ruleset, path, handled&^uint64(rightsNever)); err != nil {
			return err
		}
	}
	return restrictSelf(ruleset)
}

func createRuleset(attributes unix.LandlockRulesetAttr) (int, error) {
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attributes)), unsafe.Sizeof(attributes), 0)
	if errno != 0 {
		return 0, fmt.Errorf("landlock_create_ruleset: %w", errno)
	}
	return int(ruleset), nil
}

func allow(ruleset int, path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	var found unix.Stat_t
	if err := unix.Fstat(fd, &found); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	if found.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= rightsOfAFile
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("landlock_add_rule %s: %w", path, errno)
	}
	return nil
}

func restrictSelf(ruleset int) error {
	defer unix.Close(ruleset)
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0); errno != 0 {
		return fmt.Errorf("landlock_restrict_self: %w", errno)
	}
	return nil
}
