// Purge by proof: when a tombstone, or a record that has expired, may go.
//
// Each group of owners has a floor. Up to it all its owners hold the same, or something newer; nothing older can still come;
// and what is dead up to there counts no more: it is out of the trees, and leaves log and memory with compaction.
//
// The first owner raises it in two steps, each of them a round that compared all owners. The first finds up to when they
// agree, while all nodes serve, none holds a hint, and everything written until then has had `afterMs` to arrive. From then on no
// read finds anything that was deleted before, so no repair begins that could bring it back; the second, when those that had
// begun have had `afterMs` to arrive too, makes it the floor. The others take it over at a comparison (see comparison.ts). So:
//
// * what one owner holds up to the floor of another that serves and holds nothing of it, is dead;
// * a replica that lost a tombstone and kept what it deleted is told so, and brings nothing back.
import type { Liveness } from '../coordinator/liveness.js';
import type { Ring } from '../model/ring.js';
import type { Logger } from '../ports.js';
import { floorName } from './memtable.js';
import type { Replica } from './replica.js';

export interface PurgeOptions {
  readonly node: string;
  /** All nodes of the cluster. */
  readonly nodes: readonly string[];
  readonly liveness: Liveness;
  readonly replica: Replica;
  readonly rings: () => ReadonlyMap<string, Ring>;
  /** The hybrid clock, microseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
  /**
   * How long a write may be under way, in milliseconds: longer than any call lasts, its retries included, and than clocks
   * differ.
   */
  readonly afterMs: number;
}

/** What a round found of the other owners of one group. */
export interface Agreement {
  /** How many were compared. */
  owners: number;
  /** Up to when all of them agree with this one, microseconds since 1970. */
  upTo: number;
}

/** A floor to be: owners were found, at `since`, to agree up to `floor`; both in microseconds since 1970. */
interface Candidate {
  readonly floor: number;
  readonly since: number;
}

export class Purge {
  /** By the name of the group's floor. */
  private readonly candidates = new Map<string, Candidate>();

  constructor(private readonly options: PurgeOptions) {}

  /** For the status: how far this replica is, and as the first owner of a group, what it waits for. */
  status(): { afterMs: number; floors: Record<string, number>; candidates: Record<string, Candidate> } {
    const { afterMs, replica } = this.options;
    return { afterMs, floors: replica.memtable.floors(), candidates: Object.fromEntries(this.candidates) };
  }

  /**
   * Up to when everything written has arrived here, as far as this node can tell, microseconds since 1970; 0 while some node
   * does not serve or holds hints. A heartbeat that came says that what was sent before it the same way has come too.
   */
  settled(): number {
    const { nodes, liveness, afterMs } = this.options;
    let least = Number.POSITIVE_INFINITY;
    for (const node of nodes) {
      const presence = liveness.presenceOf(node);
      if (!liveness.isReadable(node) || presence?.hints !== 0) return 0;
      least = Math.min(least, presence.time);
    }
    return Math.max(0, least - afterMs * 1000);
  }

  /**
   * Takes a step with each group whose first owner this is and of which all owners were compared.
   *
   * @param settled as it was before the first comparison.
   */
  raise(agreements: ReadonlyMap<string, Agreement>, settled: number): void {
    const { node, replica, rings } = this.options;
    if (replica.state !== 'serving') return;
    const names = new Set<string>();
    for (const [bucket, ring] of rings())
      for (const [group, owners] of ring.groups.entries()) {
        if (owners[0] !== node) continue;
        const name = floorName(bucket, owners);
        names.add(name);
        const agreement = agreements.get(`${bucket}/${group}`) ?? { owners: 0, upTo: settled };
        if (agreement.owners < owners.length - 1) continue;
        this.step(bucket, group, name, Math.min(settled, agreement.upTo));
      }
    // Of buckets that were dropped nothing is left to purge.
    for (const name of this.candidates.keys()) if (!names.has(name)) this.candidates.delete(name);
  }

  private step(bucket: string, group: number, name: string, upTo: number): void {
    const { replica, now, logger } = this.options;
    const candidate = this.candidates.get(name);
    if (candidate !== undefined) {
      if (upTo < candidate.since) return;
      replica.memtable.raiseFloor(bucket, group, candidate.floor);
      logger.debug({ name, floor: candidate.floor }, 'every owner has what was deleted up to the floor');
    }
    if (upTo > replica.memtable.floor(bucket, group) && replica.memtable.hasMortals(bucket))
      this.candidates.set(name, { floor: upTo, since: now() });
    else this.candidates.delete(name);
  }
}
