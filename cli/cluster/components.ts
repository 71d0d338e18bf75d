import { POD_RANGE, paths, SERVICE_RANGE, type Site } from "./site.ts";

/** One process of the control plane or of the node. */
export interface Component {
  readonly name: string;
  /** Which of the built programs it is. */
  readonly program: "kubernetes" | "containerd" | "kwok";
  readonly args: readonly string[];
}

/** etcd. Only tests may lose what was acknowledged: there the disk's fsync is most of the time of a write. */
export function etcd(site: Site): Component {
  const { pki, etcd: data } = paths(site);
  const client = `https://127.0.0.1:${site.ports.etcd}`;
  const peer = `https://127.0.0.1:${site.ports.etcdPeer}`;
  return component("etcd", [
    `--name=${site.nodeName}`,
    `--data-dir=${data}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${site.nodeName}=${peer}`,
    // Other users of this machine reach 127.0.0.1 as well, and who writes to etcd is above all RBAC.
    `--cert-file=${pki("etcd.crt")}`,
    `--key-file=${pki("etcd.key")}`,
    `--trusted-ca-file=${pki("ca.crt")}`,
    "--client-cert-auth",
    `--peer-cert-file=${pki("etcd.crt")}`,
    `--peer-key-file=${pki("etcd.key")}`,
    `--peer-trusted-ca-file=${pki("ca.crt")}`,
    "--peer-client-cert-auth",
    // Else anyone whom our authority signed, a node or a controller, could read every Secret past the API server.
    "--client-cert-allowed-hostname=kubernetes.default.svc",
    "--enable-grpc-gateway=false",
    "--log-level=warn",
    "--quota-backend-bytes=8589934592",
    "--auto-compaction-retention=5m",
    ...(site.purpose === "test" ? ["--unsafe-no-fsync"] : []),
  ]);
}

/** The API server: static admin token, real RBAC, upstream's default admission plus NodeRestriction. */
export function apiServer(site: Site): Component {
  const { pki, config } = paths(site);
  return component("kube-apiserver", [
    `--etcd-servers=https://127.0.0.1:${site.ports.etcd}`,
    `--etcd-cafile=${pki("ca.crt")}`,
    `--etcd-certfile=${pki("kube-apiserver.crt")}`,
    `--etcd-keyfile=${pki("kube-apiserver.key")}`,
    `--bind-address=${site.nodes === "real" ? "0.0.0.0" : site.address}`,
    `--secure-port=${site.ports.api}`,
    `--advertise-address=${site.address}`,
    // A loopback address is no valid endpoint of the Service "kubernetes", and simulated pods never call it.
    ...(site.nodes === "real" ? [] : ["--endpoint-reconciler-type=none"]),
    `--tls-cert-file=${pki("kube-apiserver.crt")}`,
    `--tls-private-key-file=${pki("kube-apiserver.key")}`,
    `--client-ca-file=${pki("ca.crt")}`,
    `--token-auth-file=${config("tokens.csv")}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
    `--service-account-key-file=${pki("service-accounts.key")}`,
    `--service-account-signing-key-file=${pki("service-accounts.key")}`,
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    `--kubelet-client-certificate=${pki("kube-apiserver-to-kubelet.crt")}`,
    `--kubelet-client-key=${pki("kube-apiserver-to-kubelet.key")}`,
    `--kubelet-certificate-authority=${pki("ca.crt")}`,
    "--kubelet-preferred-address-types=InternalIP",
    `--requestheader-client-ca-file=${pki("ca.crt")}`,
    "--requestheader-allowed-names=aggregator",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    `--proxy-client-cert-file=${pki("aggregator.crt")}`,
    `--proxy-client-key-file=${pki("aggregator.key")}`,
    "--allow-privileged=true",
    "--profiling=false",
    ...(site.emulatedVersion ? [`--emulated-version=${site.emulatedVersion}`] : []),
  ]);
}

/** The controller manager, with the request rates of a cluster that makes many namespaces at once. */
export function controllerManager(site: Site): Component {
  const { pki, config, volumePlugins } = paths(site);
  return component("kube-controller-manager", [
    `--kubeconfig=${config("kube-controller-manager.kubeconfig")}`,
    "--use-service-account-credentials",
    `--service-account-private-key-file=${pki("service-accounts.key")}`,
    `--root-ca-file=${pki("ca.crt")}`,
    `--cluster-signing-cert-file=${pki("ca.crt")}`,
    `--cluster-signing-key-file=${pki("ca.key")}`,
    `--cluster-cidr=${POD_RANGE}`,
    // By default it makes a folder below /usr.
    `--flex-volume-plugin-dir=${volumePlugins}`,
    "--kube-api-qps=1000",
    "--kube-api-burst=2000",
    "--concurrent-resource-quota-syncs=32",
    "--concurrent-namespace-syncs=32",
    "--leader-elect=false",
    "--secure-port=0",
    "--profiling=false",
  ]);
}

export function scheduler(site: Site): Component {
  return component("kube-scheduler", [
    `--kubeconfig=${paths(site).config("kube-scheduler.kubeconfig")}`,
    "--kube-api-qps=1000",
    "--kube-api-burst=2000",
    "--leader-elect=false",
    "--secure-port=0",
  ]);
}

/** What makes nodes: containerd, kubelet and kube-proxy, or kwok. containerd comes first, the kubelet needs it. */
export function nodeComponents(site: Site): Component[] {
  const { config, kubelet } = paths(site);
  if (site.nodes === "simulated") {
    const args = ["--manage-all-nodes", `--kubeconfig=${config("kwok.kubeconfig")}`, `--config=${config("kwok.yaml")}`];
    return [{ name: "kwok", program: "kwok", args: [...args, "--node-lease-duration-seconds=40"] }];
  }
  return [
    { name: "containerd", program: "containerd", args: [`--config=${config("containerd.toml")}`] },
    component("kubelet", [
      `--config=${config("kubelet.yaml")}`,
      `--kubeconfig=${config("kubelet.kubeconfig")}`,
      `--root-dir=${kubelet}`,
      `--hostname-override=${site.nodeName}`,
      `--node-ip=${site.address}`,
    ]),
    component("kube-proxy", [
      `--kubeconfig=${config("kube-proxy.kubeconfig")}`,
      "--proxy-mode=nftables",
      `--cluster-cidr=${POD_RANGE}`,
      `--hostname-override=${site.nodeName}`,
      // The limit is one for the whole machine: not ours to raise.
      "--conntrack-max-per-core=0",
      "--conntrack-tcp-timeout-established=0s",
      "--conntrack-tcp-timeout-close-wait=0s",
    ]),
  ];
}

function component(name: string, args: readonly string[]): Component {
  return { name, program: "kubernetes", args: [name, ...args] };
}
