package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// What to run, and within which bounds. Every bound must be there: one that was forgotten would be none.
type order struct {
	Argv []string `json:"argv"`
	// The whole environment: of ours nothing is passed on.
	Env []string `json:"env"`
	Dir string   `json:"dir"`
	// Folders and files that may be read and executed; what is not there is left out.
	Readable []string `json:"readable"`
	Writable []string `json:"writable"`
	// A folder on the file system whose use is bounded.
	Volume string `json:"volume"`

	TimeoutMilliseconds int64  `json:"timeoutMilliseconds"`
	Processes           uint64 `json:"processes"`
	// Of all processes together, what they hold in memory; of each, what it may ask for.
	MemoryBytes uint64 `json:"memoryBytes"`
	FileBytes   uint64 `json:"fileBytes"`
	OpenFiles   uint64 `json:"openFiles"`
	// What the volume may hold, with what was there before.
	DiskBytes uint64 `json:"diskBytes"`
	DiskFiles uint64 `json:"diskFiles"`
}

// How it ended. Code or Signal is of the command itself; Ended says who ended it.
type result struct {
	Code   *int   `json:"code"`
	Signal int    `json:"signal"`
	Ended  string `json:"ended"`
}

const (
	endedItself  = "itself"
	endedTime    = "time"
	endedDisk    = "disk"
	endedMemory  = "memory"
	endedByOrder = "order"
)

const controlFd = 3

func parseOrder(line []byte) (order, error) {
	var parsed order
	if err := json.Unmarshal(line, &parsed); err != nil {
		return parsed, fmt.Errorf("the order is no JSON: %w", err)
	}
	bounds := []uint64{
		uint64(max(parsed.TimeoutMilliseconds, 0)), parsed.Processes, parsed.MemoryBytes, parsed.FileBytes,
		parsed.OpenFiles, parsed.DiskBytes, parsed.DiskFiles,
	}
	for _, bound := range bounds {
		if bound == 0 {
			return parsed, errors.New("an order needs all of timeoutMilliseconds, processes, memoryBytes, fileBytes, openFiles, diskBytes and diskFiles")
		}
	}
	if len(parsed.Argv) == 0 || !filepath.IsAbs(parsed.Dir) || !filepath.IsAbs(parsed.Volume) || len(parsed.Writable) == 0 {
		return parsed, errors.New("an order needs argv, dir, volume and writable")
	}
	return parsed, nil
}

func readOrder(from *os.File) (order, []byte, *bufio.Reader, error) {
	reader := bufio.NewReaderSize(from, 64<<10)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		return order{}, nil, nil, fmt.Errorf("no order on fd %d: %w", controlFd, err)
	}
	parsed, err := parseOrder(line)
	return parsed, line, reader, err
}
