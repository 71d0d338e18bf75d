// lv-exec runs what a model wrote, and touches the files that such a run leaves behind. It needs no privilege: all its
// fences are ones that a process may put up around itself.
//
//	run           a command within fences; its order is the first line on fd 3, its result the last line there
//	write DIR     the folder holds exactly the files of stdin afterwards
//	read DIR      the files that stdin names, to stdout
//	dial DIR NAME joins fd 3 to the unix socket of that name in DIR
//	probe         which fences this machine has
//
// Closing fd 3 ends a run: whoever started it may die in any way, and nothing is left running.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
)

// Fences hold for the thread that puts them up, and who execs on it passes them on.
func init() { runtime.LockOSThread() }

// Of lv-exec itself: what ran has a code of its own, in the result.
const exitRefused = 125

func main() {
	command, arguments := "", []string{}
	if len(os.Args) > 1 {
		command, arguments = os.Args[1], os.Args[2:]
	}
	if err := dispatch(command, arguments); err != nil {
		fmt.Fprintln(os.Stderr, "lv-exec:", err)
		os.Exit(exitRefused)
	}
}

func dispatch(command string, arguments []string) error {
	switch {
	case command == "run":
		return run()
	case command == "supervise":
		return supervise(slices.Contains(arguments, scopedSignals))
	case command == "enter":
		return enter()
	case command == "write" && len(arguments) == 1:
		return writeFiles(arguments[0], os.Stdin)
	case command == "read" && len(arguments) == 1:
		return readFiles(arguments[0], os.Stdin, os.Stdout)
	case command == "dial" && len(arguments) == 2:
		return dial(arguments[0], arguments[1])
	case command == "probe" && len(arguments) == 0:
		return json.NewEncoder(os.Stdout).Encode(probe())
	}
	return fmt.Errorf("usage: lv-exec run | write DIR | read DIR | dial DIR NAME | probe")
}
