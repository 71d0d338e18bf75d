// The peer of the benchmarks: an operator in Go that does for the benchmarks' Tenants what ours does, by the same rules
// and as well as we can make it. WORKERS says how many Tenants are worked on at the same time, CACHE whether the cache is
// controller-runtime's "default" or "lean": only our children, without managedFields, and not copied at every look.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run() error {
	workers, err := strconv.Atoi(os.Getenv("WORKERS"))
	if err != nil {
		return fmt.Errorf("WORKERS: %w", err)
	}
	ctrl.SetLogger(zap.New(zap.UseDevMode(false)))
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0) // Whoever started us is gone.
	}()
	addTenants(scheme.Scheme)
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	config.QPS = -1
	direct, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	var slice discoveryv1.EndpointSliceList
	where := client.MatchingFields{"metadata.name": "kubernetes"}
	if err := direct.List(context.Background(), &slice, client.InNamespace("default"), where); err != nil {
		return err
	}
	for index := range slice.Items {
		apiServer = append(apiServer, apiServerOf(&slice.Items[index])...)
	}
	var ready atomic.Bool
	mgr, err := ctrl.NewManager(config, options(&ready))
	if err != nil {
		return err
	}
	// Ready says what ours says by it: the caches are filled.
	filled := manager.RunnableFunc(func(ctx context.Context) error {
		for _, kind := range append(children(), &Tenant{}) {
			if _, err := mgr.GetCache().GetInformer(ctx, kind, cache.BlockUntilSynced(false)); err != nil {
				return err
			}
		}
		ready.Store(mgr.GetCache().WaitForCacheSync(ctx))
		return nil
	})
	if err := mgr.Add(filled); err != nil {
		return err
	}
	if err := setUp(mgr, workers); err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}

// children are the kinds of which a Tenant has some.
func children() []client.Object {
	return []client.Object{
		&corev1.Namespace{}, &corev1.ResourceQuota{}, &corev1.LimitRange{}, &networkingv1.NetworkPolicy{},
		&corev1.ServiceAccount{}, &rbacv1.RoleBinding{}, &rbacv1.ClusterRole{}, &rbacv1.ClusterRoleBinding{},
	}
}

func cacheOptions() cache.Options {
	if os.Getenv("CACHE") == "default" {
		return cache.Options{}
	}
	byObject := map[client.Object]cache.ByObject{}
	for _, kind := range children() {
		// Children are only compared, never changed.
		byObject[kind] = cache.ByObject{Label: labelled(), UnsafeDisableDeepCopy: ptr.To(true)}
	}
	return cache.Options{DefaultTransform: cache.TransformStripManagedFields(), ByObject: byObject}
}

func options(ready *atomic.Bool) ctrl.Options {
	return ctrl.Options{
		Scheme: scheme.Scheme,
		Cache:  cacheOptions(),
		Metrics: metricsserver.Options{
			BindAddress: os.Getenv("HEALTH_ADDRESS"),
			ExtraHandlers: map[string]http.Handler{"/readyz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if !ready.Load() {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			})},
		},
	}
}

func labelled() labels.Selector {
	selector, err := labels.Parse(tenantLabel)
	if err != nil {
		panic(err)
	}
	return selector
}

func setUp(mgr ctrl.Manager, workers int) error {
	r := &reconciler{
		client: client.WithFieldOwner(mgr.GetClient(), "leanvibe-operator"),
		scheme: mgr.GetScheme(),
		events: mgr.GetEventRecorderFor("leanvibe-operator"), //nolint:staticcheck // What the operator's rights are for.
	}
	toTenant := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, child client.Object) []ctrl.Request {
		name, ours := child.GetLabels()[tenantLabel]
		if !ours {
			return nil
		}
		return []ctrl.Request{{NamespacedName: client.ObjectKey{Name: name}}}
	})
	controlled := ctrl.NewControllerManagedBy(mgr).
		For(&Tenant{}, builder.WithPredicates(r.specOrDeletion())).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers})
	for _, kind := range children() {
		controlled = controlled.Watches(kind, toTenant, builder.WithPredicates(r.drift()))
	}
	return controlled.Complete(r)
}
