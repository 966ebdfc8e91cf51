// Memory of queues is bounded while a run goes on, and nothing is left in them when all is well again.
import type { Coordinator } from '../../../src/coordinator/coordinator.js';
import type { SimCluster } from '../cluster.js';
import type { Violation } from './history.js';

/** Subscriptions of a process, inboxes of probes and of requests under way, for each node or client: far more than any needs. */
const LISTENERS_MAX = 200;
/** Timers and messages under way, for each node or client. */
const SCHEDULED_MAX = 1500;

export class QueueWatch {
  private readonly found: Violation[] = [];

  constructor(private readonly cluster: SimCluster) {}

  /** Looks at what waits now. */
  look(): void {
    const { network, clock } = this.cluster;
    const parties = network.brokers.size;
    this.bound('subscriptions', network.listeners.size, parties * LISTENERS_MAX);
    this.bound('timers and messages under way', clock.scheduledCount, parties * SCHEDULED_MAX);
  }

  /** @param clients besides the nodes' own coordinators. */
  areEmpty(clients: readonly Coordinator[]): boolean {
    const inNodes = this.cluster.nodes.flatMap(node => this.cluster.core(node)?.coordinator ?? []);
    return [...clients, ...inNodes].every(coordinator => coordinator.isIdle);
  }

  /** All faults have ended, all requests have been answered. */
  atRest(clients: readonly Coordinator[]): Violation[] {
    if (this.areEmpty(clients)) return this.found;
    return [
      ...this.found,
      { rule: 'queues are empty in the end', what: 'some coordinator still has records or hints to send' },
    ];
  }

  private bound(what: string, count: number, most: number): void {
    if (count <= most || this.found.some(violation => violation.what.includes(what))) return;
    this.found.push({ rule: 'memory of queues is bounded', what: `${count} ${what}; ${most} are enough` });
  }
}
