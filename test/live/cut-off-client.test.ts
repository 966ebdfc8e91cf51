// A direct client on the bus server of a node that dies with it: for a moment it reaches the logs of the others, over its
// shortcuts, and not the bus.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { listAll } from '../../src/cli/inspect/listing.js';
import { connect, Level, Mode } from '../../src/index.js';
import { startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl } from '../support/streams.js';

const killed = 'n1';
const writers = 64;
const waitMs = 30_000;

test('what a client writes while its own bus server dies, with a node, is handed to the node when it is back', async t => {
  const emulator = await startEmulator(t, { partitioner: 'murmur3', replica: withoutAntiEntropy });
  await using client = await connect({
    servers: [busUrl(emulator, killed), ...emulator.urls],
    mode: Mode.Direct,
    nats: { noRandomize: true },
  });
  let written = 0;
  let isOver = false;
  const write = async () => {
    while (!isOver) await client.put(`key ${written++}`, 'value', { level: Level.Quorum });
  };
  const isAhead = (by: number) => {
    const until = written + by;
    return eventually(async () => assert.ok(written > until), { deadlineMs: waitMs, what: 'writes go on' });
  };
  const all = Array.from({ length: writers }, write);
  await isAhead(1000);
  await emulator.kill(killed);
  await isAhead(1000);
  isOver = true;
  await Promise.all(all);
  await client.close();

  await emulator.restart(killed);
  await using other = await connect({ servers: [...emulator.urls] });
  await eventually(
    async () => {
      const statuses = await Promise.all(emulator.nodes.map(node => other.status(node)));
      for (const { hints } of statuses) assert.deepEqual(Object.values(hints.held).filter(Boolean), []);
    },
    { deadlineMs: waitMs, what: 'all hints are delivered' },
  );
  const notes: string[] = [];
  const view = await other.cluster();
  const difference = await listAll(other, view, {
    bucket: 'default',
    json: true,
    checkOnly: true,
    rowsMax: 0,
    out: new PassThrough(),
    note: line => notes.push(line),
  });
  assert.equal(difference, 0, notes.join('\n'));
});
