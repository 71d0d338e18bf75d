// The peer of the benchmarks: an operator in Go that does for the benchmarks' Tenants what ours does, by the same rules
// and as well as we can make it. WORKERS says how many Tenants are worked on at the same time.
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
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes/scheme"
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
	var ready atomic.Bool
	mgr, err := ctrl.NewManager(config, options(&ready))
	if err != nil {
		return err
	}
	// Begun when the caches are filled.
	begin := manager.RunnableFunc(func(context.Context) error { ready.Store(true); return nil })
	if err := mgr.Add(begin); err != nil {
		return err
	}
	if err := setUp(mgr, workers); err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}

func options(ready *atomic.Bool) ctrl.Options {
	ours := cache.ByObject{Label: labelled()}
	return ctrl.Options{
		Scheme: scheme.Scheme,
		Cache: cache.Options{
			DefaultTransform: cache.TransformStripManagedFields(),
			ByObject: map[client.Object]cache.ByObject{
				&corev1.Namespace{}: ours, &corev1.ResourceQuota{}: ours, &corev1.LimitRange{}: ours,
				&networkingv1.NetworkPolicy{}: ours, &rbacv1.RoleBinding{}: ours,
				&rbacv1.ClusterRole{}: ours, &rbacv1.ClusterRoleBinding{}: ours,
			},
		},
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
		client: mgr.GetClient(),
		events: mgr.GetEventRecorderFor("leanvibe-operator"), //nolint:staticcheck // What the operator's rights are for.
	}
	toTenant := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, child client.Object) []ctrl.Request {
		return []ctrl.Request{{NamespacedName: client.ObjectKey{Name: child.GetLabels()[tenantLabel]}}}
	})
	controlled := ctrl.NewControllerManagedBy(mgr).
		For(&Tenant{}, builder.WithPredicates(specOrDeletion())).
		WithOptions(controller.Options{MaxConcurrentReconciles: workers})
	for _, kind := range []client.Object{
		&corev1.Namespace{}, &corev1.ResourceQuota{}, &corev1.LimitRange{}, &networkingv1.NetworkPolicy{},
		&rbacv1.RoleBinding{}, &rbacv1.ClusterRole{}, &rbacv1.ClusterRoleBinding{},
	} {
		controlled = controlled.Watches(kind, toTenant, builder.WithPredicates(r.drift()))
	}
	return controlled.Complete(r)
}
