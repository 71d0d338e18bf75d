package main

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	tenantLabel = "leanvibe.io/tenant"
	uidLabel    = "leanvibe.io/tenant-uid"
	finalizer   = "leanvibe.io/tenant"
	// Names of namespaces that may be there before status says so.
	announced = "leanvibe.io/namespaces"
	agentName = "leanvibe-agent"
)

// Where agents find the API server. It does not move in a benchmark.
var apiServer []networkingv1.NetworkPolicyEgressRule

func apiServerOf(slice *discoveryv1.EndpointSlice) []networkingv1.NetworkPolicyEgressRule {
	var rule networkingv1.NetworkPolicyEgressRule
	for _, endpoint := range slice.Endpoints {
		for _, address := range endpoint.Addresses {
			block := &networkingv1.IPBlock{CIDR: address + "/32"}
			rule.To = append(rule.To, networkingv1.NetworkPolicyPeer{IPBlock: block})
		}
	}
	for _, port := range slice.Ports {
		number := intstr.FromInt32(*port.Port)
		rule.Ports = append(rule.Ports, networkingv1.NetworkPolicyPort{Protocol: port.Protocol, Port: &number})
	}
	return []networkingv1.NetworkPolicyEgressRule{rule}
}

// The starter plan, which all Tenants of the benchmarks have.
var ceilings = Amounts{CPU: "2", Memory: "4Gi", Pods: 20, Storage: "1Gi"}

func hardOf() corev1.ResourceList {
	cpu, memory := resource.MustParse(ceilings.CPU), resource.MustParse(ceilings.Memory)
	return corev1.ResourceList{
		corev1.ResourceRequestsCPU: cpu, corev1.ResourceLimitsCPU: cpu,
		corev1.ResourceRequestsMemory: memory, corev1.ResourceLimitsMemory: memory,
		corev1.ResourcePods:            *resource.NewQuantity(int64(ceilings.Pods), resource.DecimalSI),
		corev1.ResourceRequestsStorage: resource.MustParse(ceilings.Storage),
	}
}

func namespaceOf(tenant *Tenant) string { return "tenant-" + tenant.Name }

func metaOf(tenant *Tenant, name, namespace string) metav1.ObjectMeta {
	labels := map[string]string{
		tenantLabel: tenant.Name, uidLabel: string(tenant.UID), "app.kubernetes.io/managed-by": "leanvibe",
	}
	return metav1.ObjectMeta{Name: name, Namespace: namespace, Labels: labels}
}

// frame is what stands before any right: the namespace with its fences, and the owners' view of their own Tenant.
func frame(tenant *Tenant) []client.Object {
	namespace := namespaceOf(tenant)
	meta := metaOf(tenant, namespace, "")
	for _, level := range []string{"enforce", "warn", "audit"} {
		meta.Labels["pod-security.kubernetes.io/"+level] = "restricted"
	}
	limits := tenant.Spec.LimitRange
	limits.Type = corev1.LimitTypeContainer
	view := "leanvibe-tenant-" + tenant.Name
	return []client.Object{
		&corev1.Namespace{ObjectMeta: meta},
		&rbacv1.ClusterRole{ObjectMeta: metaOf(tenant, view, ""), Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"leanvibe.io"}, Resources: []string{"tenants"},
			ResourceNames: []string{tenant.Name}, Verbs: []string{"get"},
		}}},
		&corev1.ResourceQuota{
			ObjectMeta: metaOf(tenant, "leanvibe", namespace),
			Spec:       corev1.ResourceQuotaSpec{Hard: hardOf()},
		},
		&corev1.LimitRange{
			ObjectMeta: metaOf(tenant, "leanvibe", namespace),
			Spec:       corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{limits}},
		},
		isolation(tenant),
		agents(tenant),
		&corev1.ServiceAccount{
			ObjectMeta: metaOf(tenant, agentName, namespace), AutomountServiceAccountToken: ptr.To(false),
		},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metaOf(tenant, view, ""),
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: view},
			Subjects:   subjectsOf(tenant),
		},
	}
}

// rights wait for the fences.
func rights(tenant *Tenant) []client.Object {
	binding := func(name, role string, subjects []rbacv1.Subject) client.Object {
		return &rbacv1.RoleBinding{
			ObjectMeta: metaOf(tenant, name, namespaceOf(tenant)),
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   subjects,
		}
	}
	account := func(name, namespace string) rbacv1.Subject {
		return rbacv1.Subject{Kind: "ServiceAccount", Name: name, Namespace: namespace}
	}
	return []client.Object{
		binding("leanvibe-owners", "leanvibe-owner", subjectsOf(tenant)),
		binding(agentName, agentName, []rbacv1.Subject{
			account(agentName, namespaceOf(tenant)), account("leanvibe-api", "leanvibe-system"),
		}),
	}
}

func policy(tenant *Tenant, name string, chosen metav1.LabelSelectorOperator) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		ObjectMeta: metaOf(tenant, name, namespaceOf(tenant)),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{
				MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "leanvibe.io/agent", Operator: chosen}},
			},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		},
	}
}

func dns() networkingv1.NetworkPolicyEgressRule {
	udp, tcp, port := corev1.ProtocolUDP, corev1.ProtocolTCP, intstr.FromInt32(53)
	return networkingv1.NetworkPolicyEgressRule{
		To: []networkingv1.NetworkPolicyPeer{{
			NamespaceSelector: &metav1.LabelSelector{
				MatchLabels: map[string]string{"kubernetes.io/metadata.name": "kube-system"},
			},
			PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
		}},
		Ports: []networkingv1.NetworkPolicyPort{{Protocol: &udp, Port: &port}, {Protocol: &tcp, Port: &port}},
	}
}

// agents go to DNS and to the API server, where its EndpointSlice said at the start that it is.
func agents(tenant *Tenant) client.Object {
	made := policy(tenant, agentName, metav1.LabelSelectorOpExists)
	made.Spec.Egress = append([]networkingv1.NetworkPolicyEgressRule{dns()}, apiServer...)
	return made
}

func isolation(tenant *Tenant) client.Object {
	own := []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{tenantLabel: tenant.Name, uidLabel: string(tenant.UID)},
	}}}
	made := policy(tenant, "leanvibe-isolation", metav1.LabelSelectorOpDoesNotExist)
	made.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{From: own}}
	made.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{To: own}, dns()}
	return made
}

func subjectsOf(tenant *Tenant) []rbacv1.Subject {
	subjects := make([]rbacv1.Subject, 0, len(tenant.Spec.Owners))
	for _, owner := range tenant.Spec.Owners {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: owner.Kind, Name: owner.Name})
	}
	return subjects
}
