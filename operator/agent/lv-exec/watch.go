package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const watchEvery = 50 * time.Millisecond

// Bounds that no limit of the kernel's keeps for a process without rights: of time, and of what all processes of a run
// hold together. What is taken between two looks is bounded by the volume's size and the container's memory.
func (held *supervisor) watch() {
	deadline := time.Now().Add(time.Duration(held.asked.TimeoutMilliseconds) * time.Millisecond)
	for time.Now().Before(deadline) {
		if held.diskIsFull() {
			held.end(endedDisk)
			return
		}
		if held.memoryIsFull() {
			held.end(endedMemory)
			return
		}
		time.Sleep(min(watchEvery, max(time.Until(deadline), 0)))
	}
	held.end(endedTime)
}

// Files that were deleted while they are open count too, which no walk through the folders would see.
func (held *supervisor) diskIsFull() bool {
	var now unix.Statfs_t
	if err := unix.Statfs(held.asked.Volume, &now); err != nil {
		return false
	}
	return (now.Blocks-now.Bfree)*uint64(now.Bsize) > held.asked.DiskBytes || now.Files-now.Ffree > held.asked.DiskFiles
}

func (held *supervisor) memoryIsFull() bool {
	if cgroupIsNearlyFull() {
		return true
	}
	found, err := processes()
	if err != nil {
		return false
	}
	var bytes uint64
	for _, each := range descendants(found, os.Getpid()) {
		bytes += each.ownBytes
	}
	return bytes > held.asked.MemoryBytes
}

// Where a container's memory is spent the kernel may end every process of it, the server too: a run is ended before,
// whatever it was that took the memory (pipes and sockets are no process's own).
func cgroupIsNearlyFull() bool {
	for _, each := range []struct{ folder, limit, usage, cold string }{
		{"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"},
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
	} {
		limit, ok := readNumber(filepath.Join(each.folder, each.limit))
		if !ok {
			continue
		}
		usage, _ := readNumber(filepath.Join(each.folder, each.usage))
		return usage-min(readField(filepath.Join(each.folder, "memory.stat"), each.cold), usage) > limit/100*fullPercent
	}
	return false
}

const fullPercent = 92

func readNumber(path string) (uint64, bool) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	number, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	return number, err == nil
}

func readField(path, name string) uint64 {
	text, _ := os.ReadFile(path)
	for line := range strings.SplitSeq(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			number, _ := strconv.ParseUint(value, 10, 64)
			return number
		}
	}
	return 0
}
