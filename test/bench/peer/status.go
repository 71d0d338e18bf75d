package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// writeStatus says what our operator's final status says, by a merge patch: cheaper than an apply. There is no interim one.
func (r *reconciler) writeStatus(ctx context.Context, tenant *Tenant, quota *corev1.ResourceQuota) error {
	before := tenant.DeepCopyObject().(*Tenant)
	namespace := namespaceOf(tenant)
	var live corev1.Namespace
	if err := r.client.Get(ctx, client.ObjectKey{Name: namespace}, &live); err != nil {
		return err
	}
	used := Amounts{
		CPU: amount(quota, corev1.ResourceLimitsCPU), Memory: amount(quota, corev1.ResourceLimitsMemory),
		Storage: amount(quota, corev1.ResourceRequestsStorage),
	}
	status := &tenant.Status
	status.ObservedGeneration = tenant.Generation
	status.Plan = tenant.Spec.Plan
	status.Namespaces = []NamespaceStatus{{Name: namespace, UID: string(live.UID), Ready: true, QuotaInForce: true}}
	status.NamespaceCount = 1
	status.Network = "Unproven"
	if status.Quota == nil || status.Quota.Used != used {
		status.Quota = &QuotaStatus{
			Hard: ceilings, Used: used, Time: metav1.NewTime(time.Now()),
			CPU: used.CPU + "/" + ceilings.CPU, Memory: used.Memory + "/" + ceilings.Memory,
			PerNamespace: []QuotaShare{{Namespace: namespace, Hard: ceilings, Used: used}},
		}
	}
	wasReady := meta.IsStatusConditionTrue(status.Conditions, "Ready")
	everything := fmt.Sprintf("Everything stands: %s.", namespace)
	for _, condition := range []metav1.Condition{
		{Type: "Ready", Status: metav1.ConditionTrue, Reason: "TenantReady", Message: everything},
		{Type: "NamespacesReady", Status: metav1.ConditionTrue, Reason: "NamespacesActive", Message: "1 of 1 stand."},
		{Type: "QuotaEnforced", Status: metav1.ConditionTrue, Reason: "QuotaInForce",
			Message: "Kubernetes enforces the quota of every namespace."},
		{Type: "NetworkIsolated", Status: metav1.ConditionUnknown, Reason: "Unproven",
			Message: "The network policies stand; whether this cluster enforces them has not been proved yet. Use a network plugin that enforces them, such as Calico or Cilium (minikube start --cni=calico)."},
		{Type: "RBACReady", Status: metav1.ConditionTrue, Reason: "OwnersBound",
			Message: "The owners are bound in every namespace."},
		{Type: "Suspended", Status: metav1.ConditionFalse, Reason: "NotSuspended", Message: "It runs."},
	} {
		condition.ObservedGeneration = tenant.Generation
		meta.SetStatusCondition(&status.Conditions, condition)
	}
	if equality.Semantic.DeepEqual(before.Status, *status) {
		return nil
	}
	if err := r.client.Status().Patch(ctx, tenant, client.MergeFrom(before)); err != nil {
		return err
	}
	r.wrote(ctx, tenant)
	if !wasReady {
		r.events.Event(tenant, corev1.EventTypeNormal, "TenantReady", everything)
	}
	return nil
}

func amount(quota *corev1.ResourceQuota, name corev1.ResourceName) string {
	used := quota.Status.Used[name]
	return used.String()
}
