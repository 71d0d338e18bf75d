// Writes objects to an API server as fast as a Go client can: the bodies are given, nothing is decoded that is not
// needed. With only the Tenants' own POST among the steps it is what feeds an operator, and waits until all are Ready.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Step is one request that an object takes. NAME, UID and VERSION stand in its path and body for the object's own.
type Step struct {
	User        string `json:"user"`
	Method      string `json:"method"`
	Path        string `json:"path"`
	ContentType string `json:"contentType"`
	Body        string `json:"body"`
	// Identifies: the answer says the object's uid and resourceVersion.
	Identifies bool `json:"identifies"`
}

// Job is read from stdin.
type Job struct {
	Server  string            `json:"server"`
	CA      string            `json:"ca"`
	Tokens  map[string]string `json:"tokens"`
	Names   []string          `json:"names"`
	Steps   []Step            `json:"steps"`
	Writers int               `json:"writers"`
	// Own: for each name what else stands in paths and bodies for its own, and the text that comes in.
	Own map[string]map[string]string `json:"own"`
	// HTTP2: one connection for all of them, as client-go does, instead of one for each.
	HTTP2 bool `json:"http2"`
	// Watch: a collection that is watched until every object is Ready.
	Watch string `json:"watch"`
	User  string `json:"user"`
}

// Result is printed as one line.
type Result struct {
	// Seconds from the first request to the last answer or, with a watch, to the last object that is Ready.
	Seconds float64        `json:"seconds"`
	Writes  map[string]int `json:"writes"`
}

func main() {
	var job Job
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		fail(err)
	}
	client := clientOf(job)
	var ready chan error
	if job.Watch != "" {
		ready = make(chan error, 1)
		opened := make(chan struct{})
		go func() { ready <- untilReady(client, job, opened) }()
		<-opened
	}
	begun := time.Now()
	if err := writeAll(client, job); err != nil {
		fail(err)
	}
	if ready != nil {
		if err := <-ready; err != nil {
			fail(err)
		}
	}
	result := Result{Seconds: time.Since(begun).Seconds(), Writes: map[string]int{}}
	for _, step := range job.Steps {
		result.Writes[step.Method] += len(job.Names)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "rawwrite:", err)
	os.Exit(1)
}

func clientOf(job Job) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(job.CA))
	transport := &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots},
		MaxIdleConnsPerHost: job.Writers + 1,
		ForceAttemptHTTP2:   job.HTTP2,
	}
	if !job.HTTP2 {
		transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	}
	return &http.Client{Transport: transport}
}

// writeAll lets each writer take the next object and send its steps one after the other.
func writeAll(client *http.Client, job Job) error {
	var next atomic.Int64
	errors := make(chan error, job.Writers)
	var group sync.WaitGroup
	for range job.Writers {
		group.Go(func() {
			for at := int(next.Add(1)) - 1; at < len(job.Names); at = int(next.Add(1)) - 1 {
				if err := writeOne(client, job, job.Names[at]); err != nil {
					errors <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(errors)
	return <-errors
}

type identity struct {
	Metadata struct {
		UID             string `json:"uid"`
		ResourceVersion string `json:"resourceVersion"`
	} `json:"metadata"`
}

func writeOne(client *http.Client, job Job, name string) error {
	var known identity
	var own []string
	for place, text := range job.Own[name] {
		own = append(own, place, text)
	}
	for _, step := range job.Steps {
		fill := strings.NewReplacer(append([]string{"@NAME@", name, "@UID@", known.Metadata.UID, "@VERSION@", known.Metadata.ResourceVersion}, own...)...)
		answer, err := send(client, job, step, fill)
		if err != nil {
			return err
		}
		if !step.Identifies {
			continue
		}
		if err := json.Unmarshal(answer, &known); err != nil {
			return err
		}
	}
	return nil
}

func send(client *http.Client, job Job, step Step, fill *strings.Replacer) ([]byte, error) {
	path := fill.Replace(step.Path)
	request, err := http.NewRequest(step.Method, job.Server+path, strings.NewReader(fill.Replace(step.Body)))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+job.Tokens[step.User])
	request.Header.Set("Content-Type", step.ContentType)
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var answer bytes.Buffer
	if _, err := io.Copy(&answer, response.Body); err != nil {
		return nil, err
	}
	if response.StatusCode > 299 {
		return nil, fmt.Errorf("%s %s: %d %s", step.Method, path, response.StatusCode, answer.String())
	}
	return answer.Bytes(), nil
}
