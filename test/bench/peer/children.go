package main

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	tenantLabel = "leanvibe.io/tenant"
	uidLabel    = "leanvibe.io/tenant-uid"
	finalizer   = "leanvibe.io/tenant"
	// Names of namespaces that may be there before status says so.
	announced = "leanvibe.io/namespaces"
)

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
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metaOf(tenant, view, ""),
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: view},
			Subjects:   subjectsOf(tenant),
		},
	}
}

// rights wait for the fences.
func rights(tenant *Tenant) client.Object {
	return &rbacv1.RoleBinding{
		ObjectMeta: metaOf(tenant, "leanvibe-owners", namespaceOf(tenant)),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "leanvibe-owner"},
		Subjects:   subjectsOf(tenant),
	}
}

func isolation(tenant *Tenant) client.Object {
	own := []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{tenantLabel: tenant.Name, uidLabel: string(tenant.UID)},
	}}}
	udp, tcp, dns := corev1.ProtocolUDP, corev1.ProtocolTCP, intstr.FromInt32(53)
	return &networkingv1.NetworkPolicy{
		ObjectMeta: metaOf(tenant, "leanvibe-isolation", namespaceOf(tenant)),
		Spec: networkingv1.NetworkPolicySpec{
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
			Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: own}},
			Egress: []networkingv1.NetworkPolicyEgressRule{{To: own}, {
				To: []networkingv1.NetworkPolicyPeer{{
					NamespaceSelector: &metav1.LabelSelector{
						MatchLabels: map[string]string{"kubernetes.io/metadata.name": "kube-system"},
					},
					PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
				}},
				Ports: []networkingv1.NetworkPolicyPort{{Protocol: &udp, Port: &dns}, {Protocol: &tcp, Port: &dns}},
			}},
		},
	}
}

func subjectsOf(tenant *Tenant) []rbacv1.Subject {
	subjects := make([]rbacv1.Subject, 0, len(tenant.Spec.Owners))
	for _, owner := range tenant.Spec.Owners {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: owner.Kind, Name: owner.Name})
	}
	return subjects
}
