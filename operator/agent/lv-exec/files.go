package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

type sourceFile struct {
	Path    string `json:"path"`
	Content string `json:"content"`
}

// The folder holds exactly these files afterwards. What was there may be anything that a hostile program can make.
func writeFiles(folder string, from io.Reader) error {
	var files []sourceFile
	if err := json.NewDecoder(from).Decode(&files); err != nil {
		return fmt.Errorf("the files are no JSON: %w", err)
	}
	root, err := freshFolder(folder)
	if err != nil {
		return err
	}
	defer unix.Close(root)
	for _, file := range files {
		if err := writeFile(root, file); err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	return nil
}

const ownFolder = unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_RDONLY | unix.O_CLOEXEC

// Opens the folder, empty. What has its name and is none is removed, and its permission bits are ours again.
func freshFolder(folder string) (int, error) {
	parent, err := unix.Open(filepath.Dir(folder), unix.O_DIRECTORY|unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(parent)
	name := filepath.Base(folder)
	if err := unix.Mkdirat(parent, name, 0o755); errors.Is(err, unix.EEXIST) {
		if isFolder(parent, name) {
			err = unix.Fchmodat(parent, name, 0o755, 0)
		} else if err = unix.Unlinkat(parent, name, 0); err == nil {
			err = unix.Mkdirat(parent, name, 0o755)
		}
		if err != nil {
			return 0, err
		}
	} else if err != nil {
		return 0, err
	}
	root, err := unix.Openat(parent, name, ownFolder, 0)
	if err != nil {
		return 0, err
	}
	if err := empty(root); err != nil {
		unix.Close(root)
		return 0, err
	}
	return root, nil
}

func isFolder(parent int, name string) bool {
	var found unix.Stat_t
	err := unix.Fstatat(parent, name, &found, unix.AT_SYMLINK_NOFOLLOW)
	return err == nil && found.Mode&unix.S_IFMT == unix.S_IFDIR
}

// A folder in a folder is moved up to the root instead of being walked into: one a hundred thousand deep costs no stack
// and no file descriptors. Its new name is one that nobody has.
func empty(root int) error {
	moved := 0
	var clear func(folder, depth int) error
	clear = func(folder, depth int) error {
		names, err := namesIn(folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			err := unix.Unlinkat(folder, name, 0)
			if err == nil || errors.Is(err, unix.ENOENT) {
				continue
			}
			if !isFolder(folder, name) {
				return fmt.Errorf("remove %q: %w", name, err)
			}
			// Only the owner of a folder may change it, whatever its bits say.
			if err := unix.Fchmodat(folder, name, 0o700, 0); err != nil {
				return fmt.Errorf("chmod %q: %w", name, err)
			}
			if depth > 0 {
				for {
					moved++
					err = unix.Renameat2(folder, name, root, "moved-"+strconv.Itoa(moved), unix.RENAME_NOREPLACE)
					if !errors.Is(err, unix.EEXIST) {
						break
					}
				}
				if err != nil {
					return fmt.Errorf("move %q: %w", name, err)
				}
				continue
			}
			below, err := unix.Openat(folder, name, ownFolder, 0)
			if err != nil {
				return fmt.Errorf("open %q: %w", name, err)
			}
			err = clear(below, depth+1)
			unix.Close(below)
			if err != nil {
				return err
			}
			if err := unix.Unlinkat(folder, name, unix.AT_REMOVEDIR); err != nil {
				return fmt.Errorf("remove %q: %w", name, err)
			}
		}
		return nil
	}
	for {
		names, err := namesIn(root)
		if err != nil || len(names) == 0 {
			return err
		}
		if err := clear(root, 0); err != nil {
			return err
		}
	}
}

// All names in a folder, of whatever bytes they are.
func namesIn(folder int) ([]string, error) {
	again, err := unix.Openat(folder, ".", ownFolder, 0)
	if err != nil {
		return nil, err
	}
	opened := os.NewFile(uintptr(again), "folder")
	defer opened.Close()
	return opened.Readdirnames(-1)
}

// What the path is made of, or an error: relative, and never up.
func stepsOf(path string) ([]string, error) {
	steps := strings.Split(path, "/")
	for _, step := range steps {
		if step == "" || step == "." || step == ".." || strings.ContainsRune(step, 0) {
			return nil, errors.New("is no relative path without `.` and `..`")
		}
	}
	return steps, nil
}

func writeFile(root int, file sourceFile) error {
	steps, err := stepsOf(file.Path)
	if err != nil {
		return err
	}
	folder, err := unix.Openat(root, ".", ownFolder, 0)
	if err != nil {
		return err
	}
	defer func() { unix.Close(folder) }()
	for _, step := range steps[:len(steps)-1] {
		if err := unix.Mkdirat(folder, step, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
			return err
		}
		below, err := unix.Openat(folder, step, ownFolder, 0)
		if err != nil {
			return err
		}
		unix.Close(folder)
		folder = below
	}
	mode := uint32(0o644)
	if strings.HasPrefix(file.Content, "#!") {
		mode = 0o755
	}
	fd, err := unix.Openat(folder, steps[len(steps)-1], unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	if err != nil {
		return err
	}
	opened := os.NewFile(uintptr(fd), file.Path)
	_, err = io.WriteString(opened, file.Content)
	return errors.Join(err, opened.Close())
}
