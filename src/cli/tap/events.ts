// What `dynats tap` tells of the messages it hears: pure, but for what it remembers of the logs to tell a copy from a first.
import { parseLife } from '../../model/bucket.js';
import { versionText } from '../../model/record.js';
import type { StreamEntry } from '../../ports.js';
import type { Presence, ReplicaNote, WireRecord } from '../../wire/generated/types.js';
import { decodeEntry } from '../../wire/log-entry.js';

export const tapKinds = ['record', 'note', 'hints', 'heartbeat', 'bad', 'missed'] as const;
export type TapKind = (typeof tapKinds)[number];

interface Heard {
  /** Milliseconds since 1970, by this machine's clock. */
  readonly at: number;
  /** Whose log, whose heartbeat, or who holds the hints. */
  readonly node: string;
}

export type TapEvent = Heard &
  (
    | {
        readonly kind: 'record';
        /** Of the entry that holds it. */
        readonly sequence: number;
        readonly bucket: string;
        readonly key: string;
        readonly value?: string;
        readonly base64?: string;
        readonly deleted?: true;
        readonly expiresAt?: number;
        readonly version: string;
        /** Of how many logs it is known by now that they stored this version. */
        readonly copy: number;
        /** This log has stored the version before: by a retry, a repair or a compaction. */
        readonly isAgain: boolean;
        /** How long after its version was issued, in milliseconds, as far as clocks agree. */
        readonly afterMs: number;
      }
    | { readonly kind: 'note'; readonly sequence: number; readonly note: ReplicaNote }
    | { readonly kind: 'hints'; readonly target: string; readonly entries: number; readonly change: number }
    | { readonly kind: 'heartbeat'; readonly presence: Presence }
    | { readonly kind: 'bad'; readonly sequence: number; readonly reason: string }
    /** Entries of the log that did not come, before `sequence`. */
    | { readonly kind: 'missed'; readonly sequence: number; readonly entries: number }
  );

/** Versions remembered, to count their copies. */
const VERSIONS_MAX = 20_000;

export class TapEvents {
  /** Logs that stored a version, the version heard last at the end. */
  private readonly copies = new Map<string, Set<string>>();
  private readonly lastSequences = new Map<string, number>();
  private readonly held = new Map<string, number>();

  /** Of an entry that the log of `node` has stored. */
  ofEntry(node: string, { sequence, data }: StreamEntry, at: number): TapEvent[] {
    const events: TapEvent[] = [];
    const last = this.lastSequences.get(node);
    this.lastSequences.set(node, sequence);
    // A sequence that goes back is another life of the log.
    if (last !== undefined && sequence > last + 1)
      events.push({ at, node, kind: 'missed', sequence, entries: sequence - last - 1 });
    const decoded = decodeEntry(data);
    if (decoded.kind !== 'entry')
      return [...events, { at, node, kind: 'bad', sequence, reason: `${decoded.kind}: ${decoded.reason}` }];
    for (const record of decoded.entry.records) events.push(this.ofRecord(node, sequence, record, at));
    if (decoded.entry.note !== undefined)
      events.push({ at, node, kind: 'note', sequence, note: decoded.entry.note });
    return events;
  }

  /** What a holder's hints have become, by target; only changes are told, after the first time. */
  ofHints(node: string, held: Readonly<Record<string, number>>, at: number): TapEvent[] {
    const known = [...this.held.keys()].filter(name => name.startsWith(`${node} `));
    const targets = new Set([...Object.keys(held), ...known.map(name => name.slice(node.length + 1))]);
    return [...targets].flatMap((target): TapEvent[] => {
      const name = `${node} ${target}`;
      const entries = held[target] ?? 0;
      const change = entries - (this.held.get(name) ?? 0);
      if (entries === 0) this.held.delete(name);
      else this.held.set(name, entries);
      return change === 0 ? [] : [{ at, node, kind: 'hints', target, entries, change }];
    });
  }

  private ofRecord(node: string, sequence: number, record: WireRecord, at: number): TapEvent {
    const { bucket, key, value, base64, deleted, expiresAt, time } = record;
    const version = versionText(record);
    const { copy, isAgain } = this.count(node, `${bucket} ${version} ${key}`);
    return {
      at,
      node,
      kind: 'record',
      sequence,
      bucket: parseLife(bucket).name,
      key,
      ...(value === undefined ? {} : { value }),
      ...(base64 === undefined ? {} : { base64 }),
      ...(deleted === true ? { deleted } : {}),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      version,
      copy,
      isAgain,
      afterMs: Math.max(0, Math.round(at - time / 1000)),
    };
  }

  private count(node: string, version: string): { copy: number; isAgain: boolean } {
    const logs = this.copies.get(version) ?? new Set();
    const isAgain = logs.has(node);
    logs.add(node);
    this.copies.delete(version);
    this.copies.set(version, logs);
    if (this.copies.size > VERSIONS_MAX)
      for (const oldest of this.copies.keys()) {
        this.copies.delete(oldest);
        break;
      }
    return { copy: logs.size, isAgain };
  }
}
