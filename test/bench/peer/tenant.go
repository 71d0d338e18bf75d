package main

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Tenant, as far as the benchmarks' Tenants use it.
type Tenant struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              TenantSpec   `json:"spec,omitempty"`
	Status            TenantStatus `json:"status,omitempty"`
}

type TenantSpec struct {
	Plan       string                `json:"plan,omitempty"`
	Owners     []Owner               `json:"owners,omitempty"`
	LimitRange corev1.LimitRangeItem `json:"limitRange,omitempty"`
}

type Owner struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

type TenantStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Plan               string             `json:"plan,omitempty"`
	Namespaces         []NamespaceStatus  `json:"namespaces,omitempty"`
	NamespaceCount     int                `json:"namespaceCount,omitempty"`
	Quota              *QuotaStatus       `json:"quota,omitempty"`
	Network            string             `json:"network,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
}

type NamespaceStatus struct {
	Name         string `json:"name"`
	UID          string `json:"uid"`
	Ready        bool   `json:"ready"`
	QuotaInForce bool   `json:"quotaInForce"`
}

type Amounts struct {
	CPU     string `json:"cpu"`
	Memory  string `json:"memory"`
	Pods    int    `json:"pods"`
	Storage string `json:"storage"`
}

type QuotaStatus struct {
	Hard         Amounts      `json:"hard"`
	Used         Amounts      `json:"used"`
	CPU          string       `json:"cpu"`
	Memory       string       `json:"memory"`
	Time         metav1.Time  `json:"time"`
	PerNamespace []QuotaShare `json:"perNamespace"`
}

type QuotaShare struct {
	Namespace string  `json:"namespace"`
	Hard      Amounts `json:"hard"`
	Used      Amounts `json:"used"`
}

type TenantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Tenant `json:"items"`
}

func (in *Tenant) DeepCopyObject() runtime.Object {
	out := *in
	in.ObjectMeta.DeepCopyInto(&out.ObjectMeta)
	out.Spec.Owners = append([]Owner(nil), in.Spec.Owners...)
	in.Spec.LimitRange.DeepCopyInto(&out.Spec.LimitRange)
	out.Status.Namespaces = append([]NamespaceStatus(nil), in.Status.Namespaces...)
	if in.Status.Quota != nil {
		quota := *in.Status.Quota
		quota.PerNamespace = append([]QuotaShare(nil), in.Status.Quota.PerNamespace...)
		out.Status.Quota = &quota
	}
	out.Status.Conditions = append([]metav1.Condition(nil), in.Status.Conditions...)
	return &out
}

func (in *TenantList) DeepCopyObject() runtime.Object {
	out := *in
	out.Items = make([]Tenant, len(in.Items))
	for at := range in.Items {
		out.Items[at] = *in.Items[at].DeepCopyObject().(*Tenant)
	}
	return &out
}

func addTenants(scheme *runtime.Scheme) {
	version := schema.GroupVersion{Group: "leanvibe.io", Version: "v1alpha1"}
	scheme.AddKnownTypes(version, &Tenant{}, &TenantList{})
	metav1.AddToGroupVersion(scheme, version)
}
