package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

type wanted struct {
	Paths    []string `json:"paths"`
	MaxBytes int64    `json:"maxBytes"`
}

// No link is followed, neither at the end of a path nor on the way, and none leads up or elsewhere.
const withinFolder = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

// The named files of a folder. What is missing, is no regular file, may not be read or does not fit is left out.
func readFiles(folder string, from io.Reader, to io.Writer) error {
	var asked wanted
	if err := json.NewDecoder(from).Decode(&asked); err != nil {
		return fmt.Errorf("what is wanted is no JSON: %w", err)
	}
	root, err := unix.Open(folder, ownFolder, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: folder, Err: err}
	}
	found := []sourceFile{}
	left := asked.MaxBytes
	for _, path := range asked.Paths {
		if content, ok := readFile(root, path, left); ok {
			left -= int64(len(content))
			found = append(found, sourceFile{Path: path, Content: string(content)})
		}
	}
	return json.NewEncoder(to).Encode(found)
}

func readFile(root int, path string, atMost int64) ([]byte, bool) {
	if _, err := stepsOf(path); err != nil {
		return nil, false
	}
	// Opened without waiting: a pipe that nobody writes to would hold us up for ever.
	how := &unix.OpenHow{Flags: unix.O_RDONLY | unix.O_NONBLOCK | unix.O_CLOEXEC | unix.O_NOCTTY, Resolve: withinFolder}
	fd, err := unix.Openat2(root, path, how)
	if err != nil {
		return nil, false
	}
	opened := os.NewFile(uintptr(fd), path)
	defer opened.Close()
	described, err := opened.Stat()
	// A sparse file costs nothing to make and all its size to read.
	if err != nil || !described.Mode().IsRegular() || described.Size() > atMost {
		return nil, false
	}
	content, err := io.ReadAll(io.LimitReader(opened, atMost+1))
	return content, err == nil && int64(len(content)) <= atMost
}
