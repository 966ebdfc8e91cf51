// Faults for runs with a workload of their own: nodes die, hang, are cut off and come back, one or two at a time; messages
// get lost and late.
import type { SimCluster } from './cluster.js';
import type { SeededRandom } from './random.js';

/** Nodes that are down or hang at once, at most. */
const DOWN_MAX = 2;

export class Faults {
  private readonly down = new Set<string>();

  constructor(
    private readonly cluster: SimCluster,
    private readonly random: SeededRandom,
  ) {}

  /** One step: perhaps a fault, which ends by itself. */
  inject(): void {
    const { cluster, random } = this;
    const node = random.pick(cluster.nodes);
    const lastingMs = 100 + random.next() * 3000;
    if (this.down.has(node) || this.down.size >= DOWN_MAX) return;
    const kind = random.next();
    if (kind < 0.03) this.strike(node, lastingMs, () => cluster.killNode(node));
    else if (kind < 0.06) this.strike(node, lastingMs, () => cluster.killReplica(node));
    else if (kind < 0.09) {
      this.down.add(node);
      cluster.pause(node);
      cluster.clock.after(lastingMs, () => {
        cluster.resume(node);
        this.down.delete(node);
      });
    } else if (kind < 0.11) {
      cluster.isolate(node);
      cluster.clock.after(lastingMs, () => cluster.network.heal());
    } else if (kind < 0.15)
      cluster.network.faults = {
        loss: random.chance(0.5) ? 0 : random.next() * 0.05,
        delay: random.next() * 0.3,
        delayMs: random.next() * 100,
      };
  }

  /** Ends all faults; resolves when every node serves. */
  async heal(): Promise<void> {
    const { cluster } = this;
    cluster.network.heal();
    cluster.network.faults = { loss: 0, delay: 0, delayMs: 0 };
    await cluster.clock.advance(5000);
    await cluster.waitFor(
      () => cluster.nodes.every(node => cluster.stateOf(node) === 'serving'),
      'all nodes to serve again',
    );
    await cluster.clock.advance(2000);
  }

  private strike(node: string, lastingMs: number, strike: () => void): void {
    this.down.add(node);
    strike();
    this.cluster.clock.after(lastingMs, () => this.startAgain(node));
  }

  private startAgain(node: string): void {
    this.cluster.startNode(node).then(
      () => this.down.delete(node),
      () => {
        this.cluster.killReplica(node);
        this.cluster.clock.after(500, () => this.startAgain(node));
      },
    );
  }
}
