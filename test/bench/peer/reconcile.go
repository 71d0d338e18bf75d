package main

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

type reconciler struct {
	client client.Client
	scheme *runtime.Scheme
	events record.EventRecorder
	// made holds what was created and is not in the cache yet, so that it is not created again.
	made sync.Map
	// written holds Tenants as we wrote them, until the cache has them so: by an older one all would be written again.
	written sync.Map
}

func keyOf(child client.Object) string {
	switch child.(type) {
	case *corev1.Namespace:
		return "Namespace " + child.GetName()
	case *corev1.ResourceQuota:
		return "ResourceQuota " + child.GetNamespace()
	case *corev1.LimitRange:
		return "LimitRange " + child.GetNamespace()
	case *rbacv1.ClusterRole:
		return "ClusterRole " + child.GetName()
	case *rbacv1.ClusterRoleBinding:
		return "ClusterRoleBinding " + child.GetName()
	case *corev1.ServiceAccount:
		return "ServiceAccount " + child.GetNamespace()
	case *rbacv1.RoleBinding:
		return "RoleBinding " + child.GetNamespace() + "/" + child.GetName()
	default:
		return "NetworkPolicy " + child.GetNamespace() + "/" + child.GetName()
	}
}

// specOrDeletion leaves out what we write ourselves: status and finalizer do not move the generation, a deletion does.
func (r *reconciler) specOrDeletion() predicate.Predicate {
	return predicate.Funcs{
		UpdateFunc: func(change event.UpdateEvent) bool {
			r.latest(change.ObjectNew.(*Tenant))
			return change.ObjectOld.GetGeneration() != change.ObjectNew.GetGeneration()
		},
		DeleteFunc: func(gone event.DeleteEvent) bool {
			r.written.Delete(gone.Object.GetName())
			return false
		},
	}
}

// latest is the seen Tenant or, where that is older, what we have made of it.
func (r *reconciler) latest(seen *Tenant) *Tenant {
	found, ok := r.written.Load(seen.Name)
	if !ok {
		return seen
	}
	written := found.(*Tenant)
	order, err := resourceversion.CompareResourceVersion(seen.ResourceVersion, written.ResourceVersion)
	if err == nil && order < 0 && seen.UID == written.UID {
		return written.DeepCopyObject().(*Tenant)
	}
	r.written.CompareAndDelete(seen.Name, found)
	return seen
}

// drift is what others do to children. Their appearance is our own doing, and at a start each Tenant comes by itself.
func (r *reconciler) drift() predicate.Predicate {
	return predicate.Funcs{
		CreateFunc: func(seen event.CreateEvent) bool {
			r.made.Delete(keyOf(seen.Object))
			return false
		},
		UpdateFunc: func(change event.UpdateEvent) bool {
			before, isQuota := change.ObjectOld.(*corev1.ResourceQuota)
			if !isQuota {
				return change.ObjectOld.GetResourceVersion() != change.ObjectNew.GetResourceVersion()
			}
			after := change.ObjectNew.(*corev1.ResourceQuota)
			return !equality.Semantic.DeepEqual(before.Status.Hard, after.Status.Hard) ||
				!equality.Semantic.DeepEqual(before.Spec, after.Spec) ||
				!equality.Semantic.DeepEqual(before.Labels, after.Labels)
		},
		DeleteFunc: func(gone event.DeleteEvent) bool {
			r.made.Delete(keyOf(gone.Object))
			return true
		},
	}
}

// wrote remembers the Tenant as it is now, unless the cache was quicker.
func (r *reconciler) wrote(ctx context.Context, tenant *Tenant) {
	r.written.Store(tenant.Name, tenant.DeepCopyObject())
	var cached Tenant
	if r.client.Get(ctx, client.ObjectKey{Name: tenant.Name}, &cached) == nil {
		r.latest(&cached)
	}
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	var cached Tenant
	if err := r.client.Get(ctx, request.NamespacedName, &cached); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	tenant := r.latest(&cached)
	if !tenant.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.release(ctx, tenant)
	}
	if !controllerutil.ContainsFinalizer(tenant, finalizer) {
		before := tenant.DeepCopyObject().(*Tenant)
		controllerutil.AddFinalizer(tenant, finalizer)
		metav1.SetMetaDataAnnotation(&tenant.ObjectMeta, announced, namespaceOf(tenant))
		patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
		if err := r.client.Patch(ctx, tenant, patch); err != nil {
			return ctrl.Result{}, err
		}
		r.wrote(ctx, tenant)
	}
	for _, child := range frame(tenant) {
		if err := r.ensure(ctx, child); err != nil {
			return ctrl.Result{}, err
		}
	}
	quota, inForce := r.quota(ctx, tenant)
	if !inForce {
		return ctrl.Result{}, nil // Its status comes as an event.
	}
	for _, right := range rights(tenant) {
		if err := r.ensure(ctx, right); err != nil {
			return ctrl.Result{}, err
		}
	}
	return ctrl.Result{}, r.writeStatus(ctx, tenant, quota)
}

// ensure creates by POST, which costs the API server less than an apply, and writes only what differs.
func (r *reconciler) ensure(ctx context.Context, desired client.Object) error {
	key := keyOf(desired)
	// Asked before the cache is: an object is there before its event takes it from what was made.
	_, known := r.made.Load(key)
	live := desired.DeepCopyObject().(client.Object)
	err := r.client.Get(ctx, client.ObjectKeyFromObject(desired), live)
	if err == nil {
		if stands(desired, live) {
			return nil
		}
		return r.apply(ctx, desired)
	}
	if !errors.IsNotFound(err) {
		return err
	}
	if known {
		return nil
	}
	r.made.Store(key, true)
	stamp(desired)
	if err := r.client.Create(ctx, desired); err != nil {
		r.made.Delete(key)
		return client.IgnoreAlreadyExists(err)
	}
	return nil
}

// stamp gives it the annotation that ours has, so that objects are of one size. Here nothing is read from it.
func stamp(desired client.Object) {
	hash := fnv.New64a()
	if message, ok := desired.(interface{ Marshal() ([]byte, error) }); ok {
		text, _ := message.Marshal()
		_, _ = hash.Write(text)
	}
	desired.SetAnnotations(map[string]string{"leanvibe.io/applied": fmt.Sprintf("%016x", hash.Sum64())})
}

// apply puts right what others have changed; their own fields stay.
func (r *reconciler) apply(ctx context.Context, desired client.Object) error {
	kind, err := apiutil.GVKForObject(desired, r.scheme)
	if err != nil {
		return err
	}
	stamp(desired)
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(desired)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{Object: fields}
	object.SetGroupVersionKind(kind)
	unstructured.RemoveNestedField(object.Object, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(object.Object, "status")
	return r.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.ForceOwnership)
}

// stands: does the live object say all that the desired one does?
func stands(desired, live client.Object) bool {
	if policy, ok := desired.(*networkingv1.NetworkPolicy); ok {
		// By its bytes: DeepDerivative finds a difference here where there is none.
		wanted, err := policy.Spec.Marshal()
		have, err2 := live.(*networkingv1.NetworkPolicy).Spec.Marshal()
		return err == nil && err2 == nil && bytes.Equal(wanted, have) &&
			equality.Semantic.DeepDerivative(desired.GetLabels(), live.GetLabels())
	}
	// The only thing that is compared although it is not set. (The annotation is not there yet.)
	desired.SetCreationTimestamp(live.GetCreationTimestamp())
	return equality.Semantic.DeepDerivative(desired, live)
}

// quota is in force when Kubernetes bounds everything that is asked for: admission goes by the status.
func (r *reconciler) quota(ctx context.Context, tenant *Tenant) (*corev1.ResourceQuota, bool) {
	var quota corev1.ResourceQuota
	key := client.ObjectKey{Namespace: namespaceOf(tenant), Name: "leanvibe"}
	if err := r.client.Get(ctx, key, &quota); err != nil {
		return nil, false
	}
	for name, most := range hardOf() {
		live, bounded := quota.Status.Hard[name]
		if !bounded || live.Cmp(most) > 0 {
			return nil, false
		}
	}
	return &quota, true
}

// release takes the rights away and lets the Tenant go; its namespaces stay.
func (r *reconciler) release(ctx context.Context, tenant *Tenant) error {
	view := frame(tenant)
	for _, right := range append(rights(tenant), view[len(view)-1], view[1]) {
		if err := client.IgnoreNotFound(r.client.Delete(ctx, right)); err != nil {
			return err
		}
	}
	before := tenant.DeepCopyObject().(*Tenant)
	if !controllerutil.RemoveFinalizer(tenant, finalizer) {
		return nil
	}
	return client.IgnoreNotFound(r.client.Patch(ctx, tenant, client.MergeFrom(before)))
}
