// Appends records to the log of a node, whoever asks for it: what repairs, anti-entropy and compaction have in common with
// ordinary writes is this.
import type { WireRecord } from '../wire/generated/types.js';
import { encodeRecord } from '../wire/log-entry.js';
import type { LogLanes } from './coordination.js';

/** Records on their way at once for one call of `appendAll`. */
const WINDOW = 2048;

export class Appender {
  constructor(private readonly logs: LogLanes) {}

  /** Resolves when the log of `node` has stored every record; rejects when one was not acked. */
  async appendAll(node: string, records: readonly WireRecord[]): Promise<void> {
    for (let i = 0; i < records.length; i += WINDOW)
      await Promise.all(records.slice(i, i + WINDOW).map(record => this.append(node, record)));
  }

  append(node: string, record: WireRecord): Promise<void> {
    const text = encodeRecord(record);
    return new Promise((resolve, reject) => {
      this.logs.to(node).submit({
        text,
        bytes: Buffer.byteLength(text) + 1,
        acked: resolve,
        failed: () => reject(new Error(`the log of ${node} did not take a record`)),
      });
    });
  }
}
