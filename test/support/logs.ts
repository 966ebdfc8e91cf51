// Reads the logs of an emulator's nodes as they lie in JetStream, beside the replicas.
import type { Emulator } from '../../src/emulator/emulator.js';
import { openConnection } from '../../src/nats/connection.js';
import { NatsReplicaLog } from '../../src/nats/streams.js';
import type { WireRecord } from '../../src/wire/generated/types.js';
import { decodeEntry } from '../../src/wire/log-entry.js';

/** Every record in a node's log, as often as it stands there. */
export async function recordsInLog(emulator: Emulator, node: string): Promise<WireRecord[]> {
  const connection = await openConnection({
    servers: [emulator.logUrl(node)],
    name: 'test',
    timeoutMs: 5000,
  });
  try {
    const log = new NatsReplicaLog({ connection, node, domain: node });
    const { firstSequence, lastSequence } = await log.state();
    const records: WireRecord[] = [];
    await log.read(firstSequence, lastSequence, ({ data }) => {
      const decoded = decodeEntry(data);
      if (decoded.kind !== 'entry') throw new Error(`${node}: ${decoded.reason}`);
      records.push(...decoded.entry.records);
    });
    return records;
  } finally {
    await connection.close();
  }
}
