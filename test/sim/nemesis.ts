// Carries out the faults of a plan, as far as the guarantees bear them, and ends them.
import type { SimCluster } from './cluster.js';
import { LINK_FAULTS, LOSSES, NODE_FAULTS, OTHER_FAULTS } from './fault-kinds.js';
import { NO_FAULTS } from './network.js';
import type { Planned, PlannedFault } from './plan.js';

/** After the last fault every node serves again within this time, in virtual milliseconds. */
const HEALED_MS = 60_000;

/** A replica has looked at its log by then, and recovers if it has to. */
const FOUND_OUT_MS = 3000;

/** A disk that forgot some of its log. */
export interface Injury {
  readonly node: string;
  readonly name: string;
  readonly atMs: number;
}

export class Nemesis {
  /** Faults that go on, by what they exclude, and what ends them. */
  private readonly active = new Map<string, { readonly fault: PlannedFault; readonly end: () => void }>();
  /** By then a disk that forgot has been found out. */
  private foundOutAtMs = 0;
  private count = 0;
  /** Whenever a disk forgot. */
  private readonly injuries: Injury[] = [];
  /** Parts of the plan that were due. */
  private followed = 0;

  constructor(
    private readonly cluster: SimCluster,
    private readonly onFault: (name: string) => void = () => {},
  ) {}

  /** Whenever a disk forgot. */
  get injured(): readonly Injury[] {
    return this.injuries;
  }

  /** Faults begun so far. */
  get strikes(): number {
    return this.count;
  }

  /** Whether nothing is wrong, nor being mended. */
  get isCalm(): boolean {
    const { cluster } = this;
    return this.active.size === 0 && cluster.nodes.every(node => cluster.stateOf(node) === 'serving');
  }

  /** Whether a node's process is there and goes on. */
  isUp(node: string): boolean {
    return !this.active.has(node) && this.cluster.running.has(node);
  }

  begin(fault: PlannedFault): void {
    const { name, node } = fault;
    if (name in LOSSES) this.damage(fault);
    else if (name in NODE_FAULTS) {
      // A node that is being started again is left to come up.
      if (this.cluster.running.has(node)) this.hold(node, fault, NODE_FAULTS[name]);
    } else if (name in LINK_FAULTS) this.holdLinks(fault);
    else this.hold(`${name} ${fault.sites.join()} ${node}`, fault, OTHER_FAULTS[name]);
  }

  /** Begins what is due of a plan, in order. @param nowMs on the plan's clock. */
  follow(plan: readonly Planned[], nowMs: number): void {
    for (; this.followed < plan.length; this.followed++) {
      const part = plan[this.followed];
      if (part === undefined || part.atMs > nowMs) return;
      if (part.what === 'fault') this.begin(part);
    }
  }

  /** Ends all faults; resolves when every node serves. */
  async heal(): Promise<void> {
    const { cluster } = this;
    for (const { end } of [...this.active.values()]) end();
    cluster.network.heal();
    cluster.network.faults = NO_FAULTS;
    await cluster.waitFor(
      () => cluster.nodes.every(node => cluster.stateOf(node) === 'serving'),
      'all nodes to serve again',
      HEALED_MS,
    );
  }

  /** Begins a fault unless one that it excludes goes on. */
  private hold(
    what: string,
    fault: PlannedFault,
    begin: ((cluster: SimCluster, fault: PlannedFault) => () => void) | undefined,
    name: string = fault.name,
  ): void {
    if (begin === undefined || this.active.has(what)) return;
    const { cluster } = this;
    this.count++;
    this.onFault(name);
    const undo = begin(cluster, fault);
    const end = () => {
      if (this.active.get(what)?.end !== end) return;
      this.active.delete(what);
      undo();
    };
    this.active.set(what, { fault, end });
    cluster.clock.after(fault.lastsMs, end);
  }

  /** The links are as bad as the faults of them that go on make them. */
  private holdLinks(fault: PlannedFault): void {
    const set = () => {
      let faults = NO_FAULTS;
      for (const { fault: other } of this.active.values())
        faults = { ...faults, ...LINK_FAULTS[other.name]?.(other) };
      this.cluster.network.faults = faults;
    };
    this.hold(fault.name, fault, () => set);
    set();
  }

  /**
   * A quorum's write survives the loss of one disk, not of two: the next is damaged only when the last is whole again, and
   * while nothing else is wrong with the nodes.
   */
  private damage(fault: PlannedFault): void {
    const { cluster } = this;
    const { node, name, amount } = fault;
    const areAllWell = cluster.nodes.every(
      other => !this.active.has(other) && cluster.stateOf(other) === 'serving',
    );
    if (!areAllWell || cluster.clock.monotonic() < this.foundOutAtMs) return;
    const until = this.rememberedOf(node);
    if (until === undefined && name === 'lostTail') return;
    // What changes in a file while its broker runs is found when it is read again.
    const isReadAgain = name === 'bitFlip' || name === 'truncation';
    const isRunning = !isReadAgain && (amount * 17) % 1 < 0.3;
    const strike = isRunning ? NODE_FAULTS.brokerDeath : NODE_FAULTS.nodeDeath;
    this.foundOutAtMs = cluster.clock.monotonic() + fault.lastsMs + FOUND_OUT_MS;
    this.hold(
      node,
      fault,
      () => {
        const undo = strike?.(cluster, fault);
        const disk = cluster.disk(node);
        const hasEntries = disk.log !== undefined && disk.log.entries.length > 0;
        if (hasEntries) this.injuries.push({ node, name, atMs: cluster.clock.monotonic() });
        LOSSES[name]?.(disk, fault, until ?? 0);
        return () => undo?.();
      },
      isRunning ? `${name} of a running replica` : name,
    );
  }

  /**
   * The last entry of the node's log that a tail may spare: what no peer has heard of cannot be missed (docs/PROTOCOL.md,
   * invariant 4), so a tail that is lost takes one with it that a peer remembers. Undefined when none does.
   */
  private rememberedOf(node: string): number | undefined {
    const { cluster } = this;
    const { log } = cluster.disk(node);
    const positions = cluster.nodes.flatMap(peer => cluster.core(peer)?.replica.remembered.of(node) ?? []);
    const known = positions
      .filter(position => position.log === log?.life?.id)
      .map(({ sequence }) => sequence);
    const newest = Math.max(0, ...known);
    return newest === 0 ? undefined : newest - 1;
  }
}
