// The one program inside our two local images, so that pods run where no registry can be reached. As `pause` it holds a
// pod's namespaces; else it is an HTTP server that answers 200 on every path (PORT, default 8080), and has the two
// commands of the agnhost image that the network probe uses, with the same flags and exit codes:
//
//	serve-hostname --port=8080
//	connect --timeout=3s HOST:PORT
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	if filepath.Base(os.Args[0]) == "pause" {
		pause(end)
		return
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	if len(os.Args) > 1 {
		flags := flag.NewFlagSet(os.Args[1], flag.ExitOnError)
		timeout := flags.Duration("timeout", 0, "how long connect waits; 0 for as long as the system does")
		flags.StringVar(&port, "port", "9376", "where serve-hostname listens")
		_ = flags.Parse(os.Args[2:])
		switch os.Args[1] {
		case "connect":
			connect(flags.Arg(0), *timeout)
		case "serve-hostname":
		default:
			fmt.Fprintln(os.Stderr, "unknown command", os.Args[1])
			os.Exit(2)
		}
	}
	serve(port, end)
}

// Ends with 0 when the connection was accepted and with 1 when it was not.
func connect(address string, timeout time.Duration) {
	connection, err := net.DialTimeout("tcp", address, timeout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = connection.Close()
	os.Exit(0)
}

func serve(port string, end chan os.Signal) {
	server := &http.Server{
		Addr:              ":" + port,
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
			name, _ := os.Hostname()
			_, _ = fmt.Fprintf(response, "hello from %s\n", name)
		}),
	}
	go func() {
		<-end
		os.Exit(0)
	}()
	if err := server.ListenAndServe(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A pod that shares its PID namespace makes this process its init, so it must reap orphans.
func pause(end chan os.Signal) {
	child := make(chan os.Signal, 1)
	signal.Notify(child, syscall.SIGCHLD)
	for {
		select {
		case <-end:
			return
		case <-child:
			for {
				if id, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); id <= 0 || err != nil {
					break
				}
			}
		}
	}
}
