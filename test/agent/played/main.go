// An agent that does what its task's description says, line by line, in a pod as the operator makes it: with the tokens,
// volumes and identity of a real one. Under the name `node`, it stands for both programs of the agent's image.
//
//	report {...}   writes JOB-report, with POD_UID in it for the pod's own
//	write NAME {...} writes the text as report.json of the ConfigMap of that name
//	model 200      asks the model until the answer has that status, for half a minute
//	sleep 1.5      waits so many seconds
//	first / again  what follows is only done by the first pod, or only by later ones
//	exit 75        ends so
//	save {...}     what is reported when it is told to stop
//	hang           waits until it is told to stop
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
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const account = "/var/run/secrets/kubernetes.io/serviceaccount"

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if len(os.Args) > 1 && strings.Contains(os.Args[1], "sandbox") {
		fmt.Println("sandbox of user", os.Getuid(), "sees", files("/"))
		<-stop
		return
	}
	text, err := os.ReadFile(os.Getenv("TASK_FILE"))
	check(err)
	var task struct{ Description string }
	check(json.Unmarshal(text, &task))
	lines := strings.Split(task.Description, "\n")
	isAgain := reported()
	go func() {
		<-stop
		for _, line := range lines {
			if rest, ok := strings.CutPrefix(line, "save "); ok {
				write(os.Getenv("JOB_NAME")+"-report", rest)
			}
		}
		os.Exit(143)
	}()
	doing := true
	for _, line := range lines {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case word == "first":
			doing = !isAgain
		case word == "again":
			doing = isAgain
		case doing:
			do(word, rest)
		}
	}
}

func do(word, rest string) {
	switch word {
	case "report":
		write(os.Getenv("JOB_NAME")+"-report", rest)
	case "write":
		name, content, _ := strings.Cut(rest, " ")
		write(name, content)
	case "model":
		askModel(rest)
	case "sleep":
		seconds, err := strconv.ParseFloat(rest, 64)
		check(err)
		time.Sleep(time.Duration(seconds * float64(time.Second)))
	case "exit":
		code, err := strconv.Atoi(rest)
		check(err)
		os.Exit(code)
	case "hang":
		select {}
	}
}

func files(folder string) []string {
	entries, _ := os.ReadDir(folder)
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "played:", err)
		os.Exit(1)
	}
}

func reported() bool {
	status, _ := ask("GET", path("/"+os.Getenv("JOB_NAME")+"-report"), "", nil)
	return status == http.StatusOK
}

func path(rest string) string {
	return "/api/v1/namespaces/" + os.Getenv("POD_NAMESPACE") + "/configmaps" + rest
}

func write(name, content string) {
	content = strings.ReplaceAll(content, "POD_UID", os.Getenv("POD_UID"))
	data := map[string]any{"report.json": content}
	object := map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "data": data,
		"metadata": map[string]any{
			"name": name,
			"labels": map[string]string{
				"leanvibe.io/agent-task": os.Getenv("TASK_NAME"), "leanvibe.io/agent-report": "true",
			},
			"ownerReferences": []map[string]any{{
				"apiVersion": "batch/v1", "kind": "Job", "name": os.Getenv("JOB_NAME"), "uid": os.Getenv("JOB_UID"),
			}},
		},
	}
	status, answer := ask("POST", path(""), "application/json", object)
	if status == http.StatusConflict {
		status, answer = ask("PATCH", path("/"+name), "application/merge-patch+json", map[string]any{"data": data})
	}
	fmt.Println("wrote", name, status, answer)
}

func askModel(wanted string) {
	body := `{"messages":[{"role":"user","content":"Say hello."}],"max_tokens":2000}`
	last := ""
	for range 60 {
		token, err := os.ReadFile(os.Getenv("MODEL_TOKEN_FILE"))
		check(err)
		request, err := http.NewRequest("POST", os.Getenv("MODEL_URL")+"/chat/completions", strings.NewReader(body))
		check(err)
		request.Header.Set("Authorization", "Bearer "+string(token))
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("x-leanvibe-task", os.Getenv("POD_NAMESPACE")+"/"+os.Getenv("TASK_NAME"))
		response, err := (&http.Client{Timeout: 5 * time.Second}).Do(request)
		if err != nil {
			last = err.Error()
		} else {
			answer, _ := io.ReadAll(response.Body)
			response.Body.Close()
			last = strconv.Itoa(response.StatusCode) + " " + string(answer[:min(len(answer), 300)])
			if strconv.Itoa(response.StatusCode) == wanted {
				fmt.Println("the model:", last)
				return
			}
		}
		time.Sleep(500 * time.Millisecond)
	}
	fmt.Fprintln(os.Stderr, "played: the model did not answer", wanted, "but", last)
	os.Exit(1)
}

func ask(method, path, contentType string, body any) (int, string) {
	token, err := os.ReadFile(account + "/token")
	check(err)
	authority, err := os.ReadFile(account + "/ca.crt")
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}, Timeout: 10 * time.Second}
	var text []byte
	if body != nil {
		text, err = json.Marshal(body)
		check(err)
	}
	server := "https://" + os.Getenv("KUBERNETES_SERVICE_HOST") + ":" + os.Getenv("KUBERNETES_SERVICE_PORT")
	request, err := http.NewRequest(method, server+path, bytes.NewReader(text))
	check(err)
	request.Header.Set("Authorization", "Bearer "+string(token))
	request.Header.Set("Content-Type", contentType)
	response, err := client.Do(request)
	check(err)
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(answer[:min(len(answer), 300)])
}
