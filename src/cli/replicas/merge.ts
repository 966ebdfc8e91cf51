// Merges the record streams of several nodes by key, with one record of each node in memory.
import { compareKeys } from '../../model/key-order.js';
import type { WireRecord } from '../../wire/generated/types.js';

/** One key and the copy of each node that holds one. */
export interface Copies {
  key: string;
  /** By node, in the order the streams were given. */
  copies: ReadonlyMap<string, WireRecord>;
}

/** A cursor on one node's stream, at its next record. */
interface Cursor {
  node: string;
  stream: AsyncIterator<WireRecord>;
  head: WireRecord | undefined;
}

/**
 * Yields each key once, ascending, with every copy of it.
 *
 * @throws Error when a stream is not in ascending key order: merging it would report differences that are none.
 */
export async function* mergeByKey(
  streams: ReadonlyMap<string, AsyncIterable<WireRecord>>,
): AsyncGenerator<Copies> {
  const cursors = await Promise.all(
    [...streams].map(async ([node, iterable]): Promise<Cursor> => {
      const stream = iterable[Symbol.asyncIterator]();
      return { node, stream, head: await next(stream) };
    }),
  );
  try {
    for (let key = smallest(cursors); key !== undefined; key = smallest(cursors)) {
      const holders = cursors.filter(cursor => cursor.head?.key === key);
      const copies = new Map<string, WireRecord>();
      for (const { node, head } of holders) if (head !== undefined) copies.set(node, head);
      await Promise.all(holders.map(advance));
      yield { key, copies };
    }
  } finally {
    await Promise.all(cursors.map(cursor => cursor.stream.return?.()));
  }
}

async function next(stream: AsyncIterator<WireRecord>): Promise<WireRecord | undefined> {
  const result = await stream.next();
  return result.done === true ? undefined : result.value;
}

async function advance(cursor: Cursor): Promise<void> {
  const previous = cursor.head;
  cursor.head = await next(cursor.stream);
  if (previous !== undefined && cursor.head !== undefined && compareKeys(previous.key, cursor.head.key) >= 0)
    throw new Error(`the records of ${cursor.node} are not in key order`);
}

function smallest(cursors: readonly Cursor[]): string | undefined {
  let least: string | undefined;
  for (const { head } of cursors)
    if (head !== undefined && (least === undefined || compareKeys(head.key, least) < 0)) least = head.key;
  return least;
}
