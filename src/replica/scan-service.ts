// Answers scans of a replica: pages of what it holds of a range of keys, in key order.
import { InvalidRequestError } from '../errors.js';
import { versionOf } from '../model/record.js';
import type { Subscription } from '../ports.js';
import type { KeyedVersion, ReplicaScanReply, WireRecord } from '../wire/generated/types.js';
import * as validators from '../wire/generated/validators.js';
import { decodeJson, jsonBytes } from '../wire/json.js';
import { subjects } from '../wire/subjects.js';
import { answer, type ReplicaServiceOptions } from './service.js';

/** Part of the broker's largest message that one page may fill. */
const REPLY_FILL = 0.75;

/** Subscribes; unsubscribe what is returned to stop. */
export function serveScans(options: ReplicaServiceOptions): Subscription {
  const { bus, node } = options;
  return bus.subscribe(
    subjects.scan(node),
    message => void answer(options, message, data => pageOf(options, data)),
  );
}

async function pageOf(options: ReplicaServiceOptions, data: Uint8Array): Promise<ReplicaScanReply> {
  const { bus, node, incarnation, replica } = options;
  const { bucket, want, limit, bytes, ...range } = decodeJson(validators.replicaScanRequest, data);
  await replica.barrier();
  const { state, memtable } = replica;
  if (state !== 'serving') return { node, incarnation, refused: state, held: [], more: false };
  const held: ReplicaScanReply['held'] = [];
  if (memtable.isOver(bucket)) throw new InvalidRequestError('bucket', `bucket ${bucket} was dropped`);
  let left = Math.min(bytes, bus.maxPayload * REPLY_FILL);
  for (const record of memtable.inOrder(bucket, range)) {
    if (memtable.hasGone(bucket, record.key)) continue;
    const item = want === 'records' ? record : keyed(record, memtable.hashOf(bucket, record.key));
    left -= jsonBytes(item) + 1;
    // One is sent however large it is: the next page would begin with it again.
    if (held.length >= limit || (left < 0 && held.length > 0)) return { node, incarnation, held, more: true };
    held.push(item);
  }
  return { node, incarnation, held, more: false };
}

function keyed(record: WireRecord, hash = ''): KeyedVersion {
  return { key: record.key, hash, ...versionOf(record) };
}
