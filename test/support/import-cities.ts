// Real input through the real command: cities of the world are imported while a node dies and comes back.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { TestContext } from 'node:test';
import { listAll } from '../../src/cli/inspect/listing.js';
import { type Client, connect, Mode } from '../../src/index.js';
import { cityRecords } from './cities.js';
import { startDynats, startEmulator, tempDir, withoutAntiEntropy } from './emulator.js';
import { eventually } from './eventually.js';

const killed = 'n1';
/** A node that goes on: what it holds tells how far the import is. */
const witness = 'n0';
const readsPerCall = 10_000;

async function ndjsonFile(t: TestContext, records: ReadonlyMap<string, string>): Promise<string> {
  const file = path.join(await tempDir(t), 'cities.ndjson');
  const lines = [...records].map(([key, value]) => JSON.stringify({ key, value }));
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** The cities that are not read at QUORUM as they were imported. */
async function differing(client: Client, records: ReadonlyMap<string, string>): Promise<string[]> {
  const all = [...records];
  const wrong: string[] = [];
  for (let at = 0; at < all.length; at += readsPerCall) {
    const some = all.slice(at, at + readsPerCall);
    const outcomes = await client.batch(some.map(([key]) => ({ op: 'get', key, level: 'QUORUM' })));
    some.forEach(([key, value], i) => {
      const outcome = outcomes[i];
      if (outcome === undefined || !('found' in outcome) || outcome.value !== value)
        wrong.push(`${key}: ${JSON.stringify(outcome)}`);
    });
  }
  return wrong;
}

/** Imports them, kills a node and restarts it meanwhile, and compares what is there then. */
export async function importCities(t: TestContext): Promise<void> {
  const records = cityRecords();
  assert.ok(records.size > 140_000, `${records.size} cities`);
  const file = await ndjsonFile(t, records);
  // Handoff alone must bring the killed node what it missed.
  const emulator = await startEmulator(t, {
    partitioner: 'murmur3',
    sync: 'always',
    replica: withoutAntiEntropy,
  });
  await using client = await connect({ servers: [...emulator.urls], mode: Mode.Direct, timeoutMs: 10_000 });
  const keysAtWitness = async () => (await client.status(witness)).keys;

  // Each node owns three of four cities.
  const witnessTotal = 0.75 * records.size;
  const imported = startDynats(t, 'import', file, '--server', emulator.urls.join(','), '--mode', 'direct');
  await eventually(async () => (await keysAtWitness()) > witnessTotal / 3, {
    deadlineMs: 120_000,
    what: 'a third of the cities is imported',
  });
  await emulator.kill(killed);
  const keysAtKill = await keysAtWitness();
  await eventually(async () => (await keysAtWitness()) > witnessTotal / 2, {
    deadlineMs: 120_000,
    what: 'half of the cities is imported',
  });
  await emulator.restart(killed);
  const { code, stderr } = await imported.finished;
  t.diagnostic(`killed with ${keysAtKill} of its ${Math.round(witnessTotal)} keys at ${witness}`);
  t.diagnostic(stderr.trim().split('\n').at(-1) ?? '');

  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`imported ${records.size} entries in .*, 0 failed`));
  assert.ok(keysAtKill < witnessTotal, 'the node was killed in the middle');

  // Before anything is read: a read repairs.
  await t.test('after handoff, owners differ on no city', async () => {
    await eventually(
      async () => {
        const statuses = await Promise.all(emulator.nodes.map(node => client.status(node)));
        return statuses.every(({ hints }) => Object.values(hints.held).every(count => count === 0));
      },
      { deadlineMs: 120_000, what: 'all hints are delivered' },
    );
    const view = await client.cluster();
    const notes: string[] = [];
    const difference = await listAll(client, view, {
      bucket: 'default',
      json: true,
      checkOnly: true,
      rowsMax: 0,
      out: new PassThrough(),
      note: line => notes.push(line),
    });
    assert.equal(difference, 0, notes.join('\n'));
    assert.match(
      notes.join('\n'),
      new RegExp(`${records.size} keys on n0, n1, n2, n3: no difference among owners`),
    );
  });

  await t.test('every city reads back equal at QUORUM', async () => {
    assert.deepEqual(await differing(client, records), []);
  });
}
