import {
  type Informer,
  type Informers,
  KINDS,
  type KubeObject,
  type Manifest,
  secondsPrecision,
} from "@leanvibe/runtime";
import { NETWORK_PROBE, SYSTEM_NAMESPACE } from "@leanvibe/schema";
import { z } from "zod";
import type { Finding } from "./verdict.ts";

/** What the last probe that counted found, and when. */
export type Result = Finding & { time: Date };

const KEY = `${SYSTEM_NAMESPACE}/${NETWORK_PROBE}`;

const resultSchema = z.object({
  data: z.object({
    verdict: z.enum(["Enforced", "NotEnforced", "Inconclusive"]),
    message: z.string().max(1024),
    time: z.iso.datetime().transform((text) => new Date(text)),
  }),
});

/** The ConfigMap in the operator's namespace, and no other of its name: in a Tenant's it would be its owner's word. */
export function resultInformer(informers: Informers): Informer {
  const selectors = { fieldSelector: `metadata.name=${NETWORK_PROBE}` };
  return informers.of(KINDS.ConfigMap, { namespace: SYSTEM_NAMESPACE, selectors });
}

/** What holds; undefined where nothing was found yet, or somebody made a riddle of it. */
export function resultIn({ cache }: Informer): Result | undefined {
  return resultOf(cache.get(KEY));
}

export function resultOf(configMap: KubeObject | undefined): Result | undefined {
  return resultSchema.safeParse(configMap).data?.data;
}

export function resultManifest({ verdict, message, time }: Result): Manifest {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: NETWORK_PROBE,
      namespace: SYSTEM_NAMESPACE,
      labels: { "app.kubernetes.io/part-of": "leanvibe" },
    },
    data: { verdict, message: message.slice(0, 1024), time: secondsPrecision(time) },
  };
}
