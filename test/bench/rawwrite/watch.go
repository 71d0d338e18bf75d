package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

type event struct {
	Object struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Status struct {
			Conditions []struct {
				Type   string `json:"type"`
				Status string `json:"status"`
			} `json:"conditions"`
		} `json:"status"`
	} `json:"object"`
}

// untilReady returns when every object of the job has been seen with Ready=True.
func untilReady(client *http.Client, job Job, opened chan struct{}) error {
	missing := make(map[string]bool, len(job.Names))
	for _, name := range job.Names {
		missing[name] = true
	}
	open := sync.OnceFunc(func() { close(opened) })
	defer open()
	for {
		response, err := watch(client, job)
		if err != nil {
			return err
		}
		open()
		seeReady(response, missing)
		response.Body.Close()
		if len(missing) == 0 {
			return nil
		}
		// An API server ends a watch after a while, and of a kind that is new at once. A watch from no version says again
		// what is there already.
		time.Sleep(100 * time.Millisecond)
	}
}

func watch(client *http.Client, job Job) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodGet, job.Server+job.Watch+"?watch=1", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+job.Tokens[job.User])
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("watch: %s", response.Status)
	}
	return response, nil
}

// seeReady takes away from what is missing what is Ready, until nothing is missing or the watch ends.
func seeReady(response *http.Response, missing map[string]bool) {
	for events := json.NewDecoder(response.Body); len(missing) > 0; {
		var seen event
		if events.Decode(&seen) != nil {
			return
		}
		for _, condition := range seen.Object.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == "True" {
				delete(missing, seen.Object.Metadata.Name)
			}
		}
	}
}
