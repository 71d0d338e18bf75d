import type { ResourceEvent } from "@dot-i/k8s-operator";
import framework from "@dot-i/k8s-operator";
import type { KubeConfig } from "@kubernetes/client-node";

// The package is CommonJS that calls its class "default".
const Operator = framework.default;

/** The parts that the process starts and stops, in this order and back. */
export type Part = { name: string; start(): Promise<void>; stop(): Promise<void> };

/**
 * The outer shell of the operator's process: the framework's life cycle (init, start, stop) and its kubeconfig. Its own
 * watches are not used: they have no resourceVersion, end the process on any error, and feed one serial queue.
 */
export class OperatorShell extends Operator {
  readonly #assemble: (kubeConfig: KubeConfig) => Promise<Part[]>;
  #parts: Part[] = [];

  constructor(assemble: (kubeConfig: KubeConfig) => Promise<Part[]>) {
    super();
    this.#assemble = assemble;
  }

  protected override async init(): Promise<void> {
    this.#parts = await this.#assemble(this.kubeConfig);
    for (const part of this.#parts) await part.start();
  }

  /** Stops the parts in reverse order: first nothing new is begun, last the connections close. */
  async stopParts(): Promise<void> {
    super.stop();
    for (const part of this.#parts.toReversed()) await part.stop();
  }

  protected override watchResource(
    _group: string,
    _version: string,
    plural: string,
    _onEvent: (event: ResourceEvent) => Promise<void>,
  ): Promise<void> {
    return Promise.reject(new Error(`${plural}: watches belong to @leanvibe/runtime's informers`));
  }
}
