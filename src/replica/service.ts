// Answers the replica's own subjects: reads of several keys at once, and what it remembers of a peer's log.
import { InvalidRequestError } from '../errors.js';
import { versionOf } from '../model/record.js';
import type { Bus, Logger, Message, Subscription } from '../ports.js';
import { errorHeaders, toErrorReply } from '../wire/error-reply.js';
import type { ReadReply, RememberedReply } from '../wire/generated/types.js';
import * as validators from '../wire/generated/validators.js';
import { decodeJson, encodeJson } from '../wire/json.js';
import { isInbox, subjects } from '../wire/subjects.js';
import type { Replica } from './replica.js';

export interface ReplicaServiceOptions {
  readonly node: string;
  readonly incarnation: number;
  readonly bus: Bus;
  readonly replica: Replica;
  readonly logger: Logger;
  /** Called for each message that is dropped, or is not valid. */
  readonly onDropped: (reason: 'noReply' | 'badReply' | 'invalid') => void;
}

/** Part of the broker's largest message that the records of one reply may fill. */
const REPLY_FILL = 0.75;

/** Subscribes; unsubscribe all of what is returned to stop. */
export function serveReplica(options: ReplicaServiceOptions): Subscription[] {
  const { bus, node } = options;
  return [
    bus.subscribe(
      subjects.read(node),
      message => void answer(options, message, data => readsOf(options, data)),
    ),
    bus.subscribe(
      subjects.remembered(node),
      message => void answer(options, message, data => rememberedBy(options, data)),
    ),
    // Only listened to: a broker tells a prober when nobody does any more.
    bus.subscribe(subjects.alive(node), () => {}),
  ];
}

/**
 * Answers one request with what `handle` returns; a request that is not valid gets an error reply, and one whose answer
 * would go nowhere, or where no answer belongs, gets nothing.
 */
export async function answer(
  options: ReplicaServiceOptions,
  message: Message,
  handle: (data: Uint8Array) => object | undefined | Promise<object>,
): Promise<void> {
  const { bus, logger, onDropped } = options;
  const { reply, subject } = message;
  if (reply === undefined || !isInbox(reply)) {
    onDropped(reply === undefined ? 'noReply' : 'badReply');
    return;
  }
  try {
    const body = await handle(message.data);
    if (body !== undefined) bus.publish(reply, encodeJson(body));
  } catch (error) {
    if (error instanceof InvalidRequestError) onDropped('invalid');
    else logger.error({ error, subject }, 'a request of a peer failed unexpectedly');
    const body = toErrorReply(error);
    bus.publish(reply, encodeJson(body), { headers: errorHeaders(body) });
  }
}

async function readsOf(options: ReplicaServiceOptions, data: Uint8Array): Promise<ReadReply> {
  const { bus, node, incarnation, replica } = options;
  const { reads } = decodeJson(validators.readRequest, data);
  await replica.barrier();
  const { state } = replica;
  if (state !== 'serving') return { node, incarnation, refused: state, answers: [] };
  const answers: ReadReply['answers'] = [];
  let bytes = 0;
  for (const { bucket, key, want } of reads) {
    const record = replica.memtable.read(bucket, key);
    if (replica.memtable.isOver(bucket)) answers.push('dropped');
    else if (record === undefined) answers.push(null);
    else if (want === 'record') {
      bytes += (record.value?.length ?? record.base64?.length ?? 0) + key.length;
      // What finds no room counts as unanswered; its coordinator asks another owner.
      if (answers.length > 0 && bytes > bus.maxPayload * REPLY_FILL) break;
      answers.push(record);
    } else {
      answers.push(versionOf(record));
    }
  }
  return { node, incarnation, answers };
}

/** Nothing while it is still reading its own notes: it cannot say yet. */
function rememberedBy(
  { node, replica }: ReplicaServiceOptions,
  data: Uint8Array,
): RememberedReply | undefined {
  const request = decodeJson(validators.rememberedRequest, data);
  if (!replica.canRecall) return undefined;
  const { remembered } = replica;
  const noted = remembered.loadedOf(request.node);
  return { node, position: remembered.of(request.node) ?? null, ...(noted === undefined ? {} : { noted }) };
}
