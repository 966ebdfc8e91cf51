// What a node tells about itself: its status, and what it holds in memory.
import type { Coordinator } from '../coordinator/coordinator.js';
import { InvalidRequestError } from '../errors.js';
import type { ReplicaLog } from '../ports.js';
import type { AntiEntropy } from '../replica/anti-entropy.js';
import type { Compaction } from '../replica/compaction.js';
import type { Handoff } from '../replica/handoff.js';
import type { HintControl } from '../replica/hint-control.js';
import type { HintLosses } from '../replica/hint-losses.js';
import type { Purge } from '../replica/purge.js';
import type { Replica } from '../replica/replica.js';
import { VERSION } from '../version.js';
import type { HintsReply, RecordsReply, RequestsReply, StatusReply } from '../wire/generated/types.js';
import { hintsRequest, recordsRequest, requestsRequest } from '../wire/generated/validators.js';
import { decodeJson } from '../wire/json.js';
import { PROTOCOL } from '../wire/protocol.js';
import { checkKey, DEFAULT_BUCKET } from '../wire/requests.js';
import { streams, subjects } from '../wire/subjects.js';
import type { RequestCounts } from './request-counts.js';

export interface InspectionOptions {
  readonly node: string;
  readonly nodes: readonly string[];
  readonly incarnation: number;
  readonly broker: () => StatusReply['broker'];
  readonly log: ReplicaLog;
  readonly replica: Replica;
  readonly coordinator: Coordinator;
  readonly handoff: Handoff;
  readonly hintControl: HintControl;
  readonly hintLosses: HintLosses;
  readonly compaction: Compaction;
  readonly antiEntropy: AntiEntropy;
  readonly purge: Purge;
  readonly counts: RequestCounts;
  /** Messages dropped unanswered, by reason. */
  readonly refused: ReadonlyMap<string, number>;
  readonly maxPayload: () => number;
}

const PAGE_LIMIT = 1000;
/** Part of the broker's largest message that the values of one page may fill. */
const PAGE_FILL = 0.5;

export async function statusOf(options: InspectionOptions): Promise<StatusReply> {
  const { node, nodes, incarnation, replica, coordinator, handoff, compaction, antiEntropy } = options;
  const { liveness, hints } = coordinator;
  const state = await replica.trouble.extent();
  return {
    node,
    incarnation,
    version: VERSION,
    protocol: PROTOCOL,
    pid: process.pid,
    state: replica.state,
    reason: replica.reason ?? replica.trouble.reason,
    ...(replica.progress === undefined ? {} : { caughtUp: replica.progress }),
    broker: options.broker(),
    log: {
      stream: streams.log(node),
      id: replica.logId,
      firstSequence: state.firstSequence,
      lastSequence: state.lastSequence,
      entries: state.entries,
      bytes: state.bytes,
      applied: replica.applied,
      invalidEntries: replica.invalidEntries,
      compactions: compaction.done,
    },
    keys: replica.memtable.keys,
    tombstones: replica.memtable.tombstones,
    purge: options.purge.status(),
    hints: {
      held: Object.fromEntries(handoff.held),
      stored: hints.stored,
      failed: hints.failed,
      delivered: handoff.delivered,
      expired: options.hintLosses.expired,
      dropped: options.hintLosses.dropped,
    },
    antiEntropy: {
      enabled: antiEntropy.isEnabled,
      rounds: antiEntropy.rounds,
      totals: antiEntropy.totals,
      running: antiEntropy.progress,
      lastCompletedAt: antiEntropy.lastCompletedAt,
    },
    peers: Object.fromEntries(
      nodes.map(peer => [
        peer,
        {
          writable: liveness.isWritable(peer),
          readable: liveness.isReadable(peer),
          state: liveness.presenceOf(peer)?.state ?? null,
          silentMs: liveness.silentMs(peer),
        },
      ]),
    ),
    clock: { correctionMs: coordinator.clocks.correctionMs, aheadMs: coordinator.clocks.aheadMs() },
    refused: Object.fromEntries(options.refused),
  };
}

/** Only looks: who may ask for this may not change anything by it. @throws InvalidRequestError for an order. */
export async function hintsOf(options: InspectionOptions, data: Uint8Array): Promise<HintsReply> {
  const action = data.length === 0 ? 'list' : decodeJson(hintsRequest, data).action;
  if (action !== 'list')
    throw new InvalidRequestError(
      'action',
      `${action} is an order, and only list is asked here: send it to ${subjects.node(options.node, 'order')}`,
    );
  return orderOf(options, data);
}

/** As `hintsOf`, and changes what becomes of them. @throws InvalidRequestError */
export async function orderOf(options: InspectionOptions, data: Uint8Array): Promise<HintsReply> {
  const { hintControl, handoff, coordinator } = options;
  const reply = await hintControl.handle(data);
  const { delivered, looks } = handoff;
  return { ...reply, delivered, looks, refused: coordinator.hints.failed };
}

/** @throws InvalidRequestError */
export function recordsOf(options: InspectionOptions, data: Uint8Array): RecordsReply {
  const { node, replica, coordinator } = options;
  const request = data.length === 0 ? {} : decodeJson(recordsRequest, data);
  const bucket = request.bucket ?? DEFAULT_BUCKET;
  const life = coordinator.catalog.find(bucket)?.life ?? bucket;
  coordinator.rings.of(life);
  if (request.keys !== undefined) {
    const records = request.keys.flatMap(
      (key, i) => replica.memtable.get(life, checkKey(key, `keys[${i}]`)) ?? [],
    );
    return { node, records, more: false };
  }
  const bytesMax = options.maxPayload() * PAGE_FILL;
  return { node, ...replica.memtable.page(life, request.after, request.limit ?? PAGE_LIMIT, bytesMax) };
}

/** @throws InvalidRequestError */
export function requestsOf(
  { node, incarnation, coordinator, counts }: InspectionOptions,
  data: Uint8Array,
): RequestsReply {
  const { after = 0 } = data.length === 0 ? {} : decodeJson(requestsRequest, data);
  // Behind the last there is none: who asks so wants the counters alone, and no request pays for samples.
  const samples = after === Number.MAX_SAFE_INTEGER ? [] : coordinator.samples.after(after);
  return { node, incarnation, counts: counts.all(), repairs: { ...coordinator.repairs }, samples };
}
