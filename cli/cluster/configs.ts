import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { CONTAINERD_SOCKET, POD_RANGE, paths, type Site } from "./site.ts";

/** Who a kubeconfig speaks as. */
export type Credential = { readonly token: string } | { readonly certificate: string; readonly key: string };

/** A kubeconfig with one context; keys are embedded, so the file can be read from anywhere. `ca` and the rest are PEM. */
export function kubeconfig(name: string, server: string, ca: string, credential: Credential): string {
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const user =
    "token" in credential
      ? { token: credential.token }
      : {
          "client-certificate-data": base64(credential.certificate),
          "client-key-data": base64(credential.key),
        };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(ca) } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

/** The kubeconfig of a component, from the certificate of that name in `pki` (a folder of this process's file system). */
export function componentKubeconfig(component: string, server: string, pki: string): string {
  const read = (file: string) => readFileSync(join(pki, file), "utf8");
  const credential = { certificate: read(`${component}.crt`), key: read(`${component}.key`) };
  return kubeconfig("leanvibe", server, read("ca.crt"), credential);
}

/** KubeletConfiguration. Every folder it would create by default outside ours is named. */
export function kubeletConfig(site: Site): string {
  const { pki, podLogs, volumePlugins } = paths(site);
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pki("ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: pki("kubelet-server.crt"),
    tlsPrivateKeyFile: pki("kubelet-server.key"),
    containerRuntimeEndpoint: `unix://${CONTAINERD_SOCKET}`,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${site.kernelName}`,
    // A developer's machine may still have cgroup v1 and usually has swap.
    failCgroupV1: false,
    failSwapOn: false,
    // A disk that is 90 % full is a normal laptop, not a reason to evict.
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      "memory.available": "100Mi",
      "nodefs.available": "0%",
      "nodefs.inodesFree": "0%",
      "imagefs.available": "0%",
    },
    maxPods: 250,
    serializeImagePulls: false,
    resolvConf: "/etc/resolv.conf",
    podLogsDir: podLogs,
    volumePluginDir: volumePlugins,
  });
}

/** containerd's configuration. */
export function containerdConfig(site: Site): string {
  const { containerd, config } = paths(site);
  return `version = 3
root = "${containerd}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp"]

[grpc]
  address = "${CONTAINERD_SOCKET}"

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "leanvibe.io/pause:1"

[plugins.'io.containerd.cri.v1.runtime']
  # In a container or a virtual machine we may not be allowed to lower it.
  restrict_oom_score_adj = true
  # Its profile would stay in the kernel after us.
  disable_apparmor = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd]
    default_runtime_name = "runc"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"]
    conf_dir = "${config("cni")}"
`;
}

/**
 * The pods' network. `ptp`, not `bridge`: on a bridge the answer of a pod to its neighbour is switched past conntrack,
 * so a Service would only work with br_netfilter loaded; routed pods need no kernel module.
 */
export function cniConfig(): string {
  return JSON.stringify({
    cniVersion: "1.0.0",
    name: "leanvibe",
    plugins: [
      {
        type: "ptp",
        ipMasq: false,
        ipam: {
          type: "host-local",
          dataDir: "/run/cni",
          ranges: [[{ subnet: POD_RANGE }]],
          routes: [{ dst: "0.0.0.0/0" }],
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });
}
