// The history of one key, prepared: every operation with its version as a rank, so that versions compare as numbers.
import { HistoryError, type Operation } from './history.js';
import { compareSeen, parseSeen, type SeenVersion } from './order.js';

/** Nothing at all: older than every version. */
export const NOTHING = -1;

export interface Event {
  readonly op: Operation;
  readonly start: number;
  /** Infinity for a write of unknown outcome: it may take effect at any time later. */
  readonly end: number;
  /** Place of its version in the order of all versions of the key; undefined when it is not known. */
  readonly rank: number | undefined;
}

export interface KeyHistory {
  readonly key: string;
  /** All writes that may have had an effect: `ok` and `unknown`. */
  readonly writes: readonly Event[];
  /** Reads that were answered. */
  readonly reads: readonly Event[];
  /** Deletes of known version, by rank. */
  readonly deletes: readonly Event[];
  /** Deletes of unknown outcome whose version nobody learnt. */
  readonly strayDeletes: readonly Event[];
  /** The put of each value. */
  readonly putOf: ReadonlyMap<string, Event>;
  /** The rank of a version, as an owner holds it in the end; undefined for one that no operation named. */
  rankOf(version: string, deleted: boolean): number;
}

const isDelete = (op: Operation): boolean =>
  op.kind === 'delete' || (op.kind === 'get' && op.value === undefined);

export function byKey(operations: readonly Operation[]): Map<string, Operation[]> {
  const keys = new Map<string, Operation[]>();
  for (const op of operations) {
    const known = keys.get(op.key);
    if (known === undefined) keys.set(op.key, [op]);
    else known.push(op);
  }
  return keys;
}

/** @throws HistoryError two puts have one value. */
export function prepare(key: string, operations: readonly Operation[]): KeyHistory {
  const useful = operations.filter(
    op => op.outcome === 'ok' || (op.outcome === 'unknown' && op.kind !== 'get'),
  );
  const versionOfValue = new Map<string, string>();
  for (const { kind, value, version } of useful)
    if (kind === 'get' && value !== undefined && version !== null) versionOfValue.set(value, version);
  const named = (op: Operation): string | null =>
    op.version ?? (op.kind === 'put' ? (versionOfValue.get(op.value ?? '') ?? null) : null);
  const ranking = new Ranking();
  for (const op of useful) ranking.add(named(op), isDelete(op));
  ranking.settle();

  const events = useful.map((op): Event => {
    const version = named(op);
    const rank = version === null ? undefined : ranking.of(version, isDelete(op));
    return { op, start: op.startedAtMs, end: op.outcome === 'ok' ? op.endedAtMs : Infinity, rank };
  });
  const writes = events.filter(({ op }) => op.kind !== 'get');
  const deletes = writes.filter(({ op }) => op.kind === 'delete');
  const putOf = new Map<string, Event>();
  for (const event of writes) {
    const { kind, value } = event.op;
    if (kind !== 'put' || value === undefined) continue;
    if (putOf.has(value))
      throw new HistoryError(`key ${key}: two puts have the value ${JSON.stringify(value)}`);
    putOf.set(value, event);
  }
  return {
    key,
    writes,
    reads: events.filter(({ op }) => op.kind === 'get'),
    deletes: deletes.filter(({ rank }) => rank !== undefined).sort((a, b) => rankOf(a) - rankOf(b)),
    strayDeletes: deletes.filter(({ rank }) => rank === undefined),
    putOf,
    rankOf: (version, deleted) => ranking.nearest(version, deleted),
  };
}

/** The rank of an event that has one. */
export function rankOf(event: Event): number {
  return event.rank ?? NOTHING;
}

class Ranking {
  private readonly versions = new Map<string, SeenVersion>();
  private readonly ranks = new Map<string, number>();
  private sorted: readonly SeenVersion[] = [];

  add(version: string | null, deleted: boolean): void {
    if (version === null) return;
    const name = nameOf(version, deleted);
    if (!this.versions.has(name)) this.versions.set(name, parseSeen(version, deleted));
  }

  settle(): void {
    const all = [...this.versions].sort(([, a], [, b]) => compareSeen(a, b));
    for (const [i, [name]] of all.entries()) this.ranks.set(name, i);
    this.sorted = all.map(([, version]) => version);
  }

  of(version: string, deleted: boolean): number | undefined {
    return this.ranks.get(nameOf(version, deleted));
  }

  /** A version that no operation named stands half a step behind the one before it. */
  nearest(version: string, deleted: boolean): number {
    const known = this.of(version, deleted);
    if (known !== undefined) return known;
    const seen = parseSeen(version, deleted);
    return this.sorted.filter(other => compareSeen(other, seen) < 0).length - 0.5;
  }
}

function nameOf(version: string, deleted: boolean): string {
  return deleted ? `-${version}` : version;
}
