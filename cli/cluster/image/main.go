// The one program inside our two local images, so that pods run where no registry can be reached. As `pause` it holds a
// pod's namespaces; else it is an HTTP server that answers 200 on every path (PORT, default 8080).
package main

import (
	"fmt"
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
