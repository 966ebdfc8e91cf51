// Answers the replica's own subjects: reads of several keys at once, and what it remembers of a peer's log.
import { InvalidRequestError } from '../errors.js';
import type { Bus, Logger, Message, Subscription } from '../ports.js';
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
  /** Called for each message that is dropped unanswered. */
  readonly onDropped: (reason: 'noReply' | 'badReply' | 'invalid') => void;
}

/** Part of the broker's largest message that the records of one reply may fill. */
const REPLY_FILL = 0.75;

/** Subscribes; unsubscribe all of what is returned to stop. */
export function serveReplica(options: ReplicaServiceOptions): Subscription[] {
  const { bus, node } = options;
  return [
    bus.subscribe(subjects.read(node), message => void answerReads(options, message)),
    bus.subscribe(subjects.remembered(node), message => answerRemembered(options, message)),
    // Only listened to: a broker tells a prober when nobody does any more.
    bus.subscribe(subjects.alive(node), () => {}),
  ];
}

async function answerReads(options: ReplicaServiceOptions, message: Message): Promise<void> {
  const { bus, node, incarnation, replica, logger } = options;
  const reply = replySubject(options, message);
  if (reply === undefined) return;
  const head = { node, incarnation };
  try {
    const { reads } = decodeJson(validators.readRequest, message.data);
    await replica.barrier();
    const { state } = replica;
    if (state !== 'serving') {
      bus.publish(reply, encodeJson({ ...head, refused: state, answers: [] } satisfies ReadReply));
      return;
    }
    const answers: ReadReply['answers'] = [];
    let bytes = 0;
    for (const { bucket, key, want } of reads) {
      const record = replica.memtable.get(bucket, key);
      if (record === undefined) answers.push(null);
      else if (want === 'record') {
        bytes += (record.value?.length ?? record.base64?.length ?? 0) + key.length;
        // What finds no room counts as unanswered; its coordinator asks another owner.
        if (answers.length > 0 && bytes > bus.maxPayload * REPLY_FILL) break;
        answers.push(record);
      } else {
        const { time, writer, deleted } = record;
        answers.push(deleted === true ? { time, writer, deleted } : { time, writer });
      }
    }
    bus.publish(reply, encodeJson({ ...head, answers } satisfies ReadReply));
  } catch (error) {
    if (error instanceof InvalidRequestError) options.onDropped('invalid');
    else logger.error({ error }, 'could not answer a read');
  }
}

function answerRemembered(options: ReplicaServiceOptions, message: Message): void {
  const { bus, node, replica } = options;
  const reply = replySubject(options, message);
  if (reply === undefined) return;
  // Still reading its own notes: it cannot say yet.
  if (!replica.canRecall) return;
  try {
    const request = decodeJson(validators.rememberedRequest, message.data);
    const position = replica.remembered.of(request.node) ?? null;
    bus.publish(reply, encodeJson({ node, position } satisfies RememberedReply));
  } catch (error) {
    if (error instanceof InvalidRequestError) options.onDropped('invalid');
    else options.logger.error({ error }, 'could not say what it remembers');
  }
}

function replySubject(options: ReplicaServiceOptions, message: Message): string | undefined {
  if (message.reply !== undefined && isInbox(message.reply)) return message.reply;
  options.onDropped(message.reply === undefined ? 'noReply' : 'badReply');
  return undefined;
}
