package main

import (
	"encoding/json"
	"fmt"
	"net/http"
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
	response, err := watch(client, job)
	close(opened)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	missing := make(map[string]bool, len(job.Names))
	for _, name := range job.Names {
		missing[name] = true
	}
	for events := json.NewDecoder(response.Body); len(missing) > 0; {
		var seen event
		if err := events.Decode(&seen); err != nil {
			return fmt.Errorf("%d objects were not Ready when the watch ended: %w", len(missing), err)
		}
		for _, condition := range seen.Object.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == "True" {
				delete(missing, seen.Object.Metadata.Name)
			}
		}
	}
	return nil
}

// watch opens it; the API server asks for patience while it makes room for a kind that was just defined.
func watch(client *http.Client, job Job) (*http.Response, error) {
	request, err := http.NewRequest(http.MethodGet, job.Server+job.Watch+"?watch=1", nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+job.Tokens[job.User])
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		response, err := client.Do(request)
		if err != nil || response.StatusCode == http.StatusOK {
			return response, err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusTooManyRequests || time.Now().After(end) {
			return nil, fmt.Errorf("watch: %s", response.Status)
		}
	}
}
