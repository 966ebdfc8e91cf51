// Answers what anti-entropy asks of a replica: its trees, what it holds in some leaves, and the records themselves.
import { InvalidRequestError } from '../errors.js';
import { LEAVES } from '../model/merkle.js';
import { versionOf } from '../model/record.js';
import type { Ring } from '../model/ring.js';
import type { Clock, Subscription } from '../ports.js';
import type { LeafReply, LeafRequest, RecordsReply, TreeReply } from '../wire/generated/types.js';
import * as validators from '../wire/generated/validators.js';
import { decodeJson } from '../wire/json.js';
import { subjects } from '../wire/subjects.js';
import { answer, type ReplicaServiceOptions } from './service.js';

export interface AntiEntropyServiceOptions extends ReplicaServiceOptions {
  readonly clock: Clock;
  readonly ringOf: (bucket: string) => Ring | undefined;
  /** Up to when everything written has arrived: see `Purge`. */
  readonly settled: () => number;
}

/** Part of the broker's largest message that one page may fill. */
const REPLY_FILL = 0.5;
const VERSION_BYTES = 120;
/** Listings kept for the rounds under way. */
const LISTINGS_MAX = 8;
const LISTING_IDLE_MS = 30_000;

/** The keys of one group as they were when a round first asked. */
interface Listing {
  readonly keys: ReadonlyMap<number, readonly string[]>;
  usedAtMs: number;
}

/** Subscribes; unsubscribe all of what is returned to stop. */
export function serveAntiEntropy(options: AntiEntropyServiceOptions): Subscription[] {
  const { bus, node } = options;
  const listings = new Listings(options);
  return [
    bus.subscribe(
      subjects.tree(node),
      message => void answer(options, message, data => treeOf(options, data)),
    ),
    bus.subscribe(
      subjects.leaves(node),
      message => void answer(options, message, data => leavesOf(options, listings, data)),
    ),
    bus.subscribe(
      subjects.held(node),
      message => void answer(options, message, data => heldOf(options, data)),
    ),
  ];
}

async function treeOf(options: AntiEntropyServiceOptions, data: Uint8Array): Promise<TreeReply> {
  const { node, replica } = options;
  const request = decodeJson(validators.treeRequest, data);
  const { bucket, owners, root, branches, floor: theirs = 0, agreed } = request;
  // What was acked before it was asked must show in its tree.
  await replica.barrier();
  const { memtable, state } = replica;
  const group = groupOf(options, bucket, owners);
  if (state === 'catching-up' || replica.progress !== undefined)
    return { node, state: 'catching-up', same: false };
  // Compared at the higher of the two floors; equal trees at a floor are what makes it this replica's too.
  const tree = memtable.treeAt(bucket, group, theirs);
  if (branches !== undefined)
    return { node, state, same: false, leaves: branches.map(branch => tree.leavesOf(branch)) };
  const same = tree.root() === root;
  if ((same || agreed === true) && state === 'serving') memtable.raiseFloor(bucket, group, theirs);
  const floor = memtable.floor(bucket, group);
  const reply = { node, state, same, floor, settled: options.settled() };
  return same ? reply : { ...reply, branches: tree.branches() };
}

function leavesOf(options: AntiEntropyServiceOptions, listings: Listings, data: Uint8Array): LeafReply {
  const { node, replica, bus } = options;
  const request = decodeJson(validators.leafRequest, data);
  const { bucket, leaves, want } = request;
  const keys = listings.of(request, groupOf(options, bucket, request.owners));
  const held: LeafReply['held'] = [];
  let bytes = 0;
  for (const [index, leaf] of leaves.entries()) {
    const inLeaf = keys.get(leaf) ?? [];
    for (let offset = index === 0 ? (request.offset ?? 0) : 0; offset < inLeaf.length; offset++) {
      const key = inLeaf[offset] ?? '';
      const record = replica.memtable.get(bucket, key);
      if (record === undefined) continue;
      const size =
        key.length + (want === 'record' ? (record.value?.length ?? record.base64?.length ?? 0) : 0);
      bytes += size + VERSION_BYTES;
      if (held.length > 0 && (bytes > bus.maxPayload * REPLY_FILL || held.length >= 4096))
        return { node, held, next: { index, offset } };
      if (want === 'record') held.push(record);
      else {
        const hash = replica.memtable.hashOf(bucket, key) ?? '';
        held.push({ key, hash, ...versionOf(record) });
      }
    }
  }
  return { node, held };
}

/** Records by name, whatever the replica's state: what a recovering replica holds is true, if not all there is. */
function heldOf({ node, replica, bus }: AntiEntropyServiceOptions, data: Uint8Array): RecordsReply {
  const { bucket = '', keys = [] } = decodeJson(validators.recordsRequest, data);
  const records: RecordsReply['records'] = [];
  let bytes = 0;
  for (const key of keys) {
    const record = replica.memtable.get(bucket, String(key));
    if (record === undefined) continue;
    bytes += (record.value?.length ?? record.base64?.length ?? 0) + record.key.length + VERSION_BYTES;
    if (records.length > 0 && bytes > bus.maxPayload * REPLY_FILL) return { node, records, more: true };
    records.push(record);
  }
  return { node, records, more: false };
}

function groupOf({ ringOf }: AntiEntropyServiceOptions, bucket: string, owners: readonly string[]): number {
  const group = ringOf(bucket)?.groups.findIndex(candidate => candidate.join() === owners.join());
  if (group === undefined || group < 0)
    throw new InvalidRequestError(
      'owners',
      'no keys of the bucket have these owners here: the cluster definitions differ',
    );
  return group;
}

class Listings {
  private readonly listings = new Map<string, Listing>();

  constructor(private readonly options: AntiEntropyServiceOptions) {}

  of({ bucket, round }: LeafRequest, group: number): Listing['keys'] {
    const { clock, replica } = this.options;
    const now = clock.monotonic();
    for (const [name, listing] of this.listings)
      if (now - listing.usedAtMs > LISTING_IDLE_MS) this.listings.delete(name);
    const name = `${round}/${bucket}/${group % LEAVES}`;
    const known = this.listings.get(name);
    if (known !== undefined) {
      known.usedAtMs = now;
      return known.keys;
    }
    const [oldest] = this.listings.keys();
    if (this.listings.size >= LISTINGS_MAX && oldest !== undefined) this.listings.delete(oldest);
    const keys = replica.memtable.keysByLeaf(bucket, group);
    this.listings.set(name, { keys, usedAtMs: now });
    return keys;
  }
}
