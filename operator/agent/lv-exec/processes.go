package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A process as /proc tells of it.
type process struct {
	id, parent, user int
	threads          uint64
	// What it holds that no file is behind.
	ownBytes uint64
}

// Every process that can be seen here. One that ends meanwhile is left out.
func processes() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var found []process
	for _, entry := range entries {
		if id, err := strconv.Atoi(entry.Name()); err == nil {
			if each, err := processOf(id); err == nil {
				found = append(found, each)
			}
		}
	}
	return found, nil
}

func processOf(id int) (process, error) {
	file, err := os.Open(filepath.Join("/proc", strconv.Itoa(id), "status"))
	if err != nil {
		return process{}, err
	}
	defer file.Close()
	read := process{id: id}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		words := strings.Fields(value)
		if len(words) == 0 {
			continue
		}
		number, _ := strconv.ParseUint(words[0], 10, 63)
		switch name {
		case "PPid":
			read.parent = int(number)
		case "Uid":
			read.user = int(number)
		case "Threads":
			read.threads = number
		case "RssAnon", "RssShmem", "VmSwap":
			read.ownBytes += number << 10
		}
	}
	return read, lines.Err()
}

func threadsOf(found []process, user int) uint64 {
	var threads uint64
	for _, each := range found {
		if each.user == user {
			threads += each.threads
		}
	}
	return threads
}

// Everything that descends from a process, in no order. An orphan is a child of the nearest subreaper, so none is missed.
func descendants(found []process, ancestor int) []process {
	children := map[int][]process{}
	for _, each := range found {
		children[each.parent] = append(children[each.parent], each)
	}
	below := children[ancestor]
	for index := 0; index < len(below); index++ {
		below = append(below, children[below[index].id]...)
	}
	return below
}

// The threads of the supervisor and of the server above it: a signal to any of them is one to its process.
func threadsToProtect() []int {
	supervisor := os.Getppid()
	protected := []int{}
	parent := 0
	if read, err := processOf(supervisor); err == nil {
		parent = read.parent
	}
	for _, id := range []int{supervisor, parent} {
		entries, _ := os.ReadDir(filepath.Join("/proc", strconv.Itoa(id), "task"))
		for _, entry := range entries {
			if thread, err := strconv.Atoi(entry.Name()); err == nil && thread > 0 {
				protected = append(protected, thread)
			}
		}
		if group, err := unix.Getpgid(id); err == nil && group > 0 {
			protected = append(protected, group)
		}
	}
	return protected
}

// Ends everything below us. With signals scoped one call reaches exactly that, and nothing can fork out of its way;
// without, whoever is found is stopped first, so that it cannot fork while the others are being ended.
func endAll(scoped bool) {
	if scoped {
		_ = unix.Kill(-1, unix.SIGKILL)
		return
	}
	for _, signal := range []unix.Signal{unix.SIGSTOP, unix.SIGKILL} {
		found, err := processes()
		if err != nil {
			return
		}
		for _, each := range descendants(found, os.Getpid()) {
			_ = unix.Kill(each.id, signal)
		}
	}
}
