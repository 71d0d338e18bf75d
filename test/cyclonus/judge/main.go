// Asks cyclonus (https://github.com/mattfenwick/cyclonus), which knows what a NetworkPolicy means and nothing of ours,
// who may talk with whom. JSON in: endpoints, ports and any number of sets of policies. JSON out, for each set: one digit
// for each source, destination and port in the order given, 1 where it is allowed; or why the set is no set of policies.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

type question struct {
	// Labels of each namespace, by its name.
	Namespaces map[string]map[string]string  `json:"namespaces"`
	Endpoints  []endpoint                    `json:"endpoints"`
	Ports      []port                        `json:"ports"`
	PolicySets [][]*networking.NetworkPolicy `json:"policySets"`
}

// A pod, or an address outside the cluster when it is in no namespace.
type endpoint struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	IP        string            `json:"ip"`
}

type port struct {
	Protocol core.Protocol `json:"protocol"`
	Number   int           `json:"number"`
}

type answer struct {
	Allowed string `json:"allowed,omitempty"`
	Refused string `json:"refused,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	decoder := json.NewDecoder(os.Stdin)
	// A field that is not one of NetworkPolicy would be a fence that nobody sees.
	decoder.DisallowUnknownFields()
	var asked question
	if err := decoder.Decode(&asked); err != nil {
		return fmt.Errorf("stdin is not the question: %w", err)
	}
	peers := make([]*matcher.TrafficPeer, len(asked.Endpoints))
	for i, each := range asked.Endpoints {
		peers[i] = &matcher.TrafficPeer{IP: each.IP}
		if each.Namespace == "" {
			continue
		}
		labels, known := asked.Namespaces[each.Namespace]
		if !known {
			return fmt.Errorf("endpoint %s is in namespace %q, which is not listed", each.IP, each.Namespace)
		}
		peers[i].Internal = &matcher.InternalPeer{Namespace: each.Namespace, NamespaceLabels: labels, PodLabels: each.Labels}
	}
	answers := make([]answer, len(asked.PolicySets))
	for i, policies := range asked.PolicySets {
		answers[i] = judge(policies, peers, asked.Ports)
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

// cyclonus panics on what an API server would refuse.
func judge(policies []*networking.NetworkPolicy, peers []*matcher.TrafficPeer, ports []port) (given answer) {
	defer func() {
		if reason := recover(); reason != nil {
			given = answer{Refused: fmt.Sprint(reason)}
		}
	}()
	policy := matcher.BuildNetworkPolicies(false, policies)
	digits := make([]byte, 0, len(peers)*len(peers)*len(ports))
	for _, source := range peers {
		for _, destination := range peers {
			for _, each := range ports {
				traffic := &matcher.Traffic{
					Source: source, Destination: destination, ResolvedPort: each.Number, Protocol: each.Protocol,
				}
				digit := byte('0')
				if policy.IsTrafficAllowed(traffic).IsAllowed() {
					digit = '1'
				}
				digits = append(digits, digit)
			}
		}
	}
	return answer{Allowed: string(digits)}
}
