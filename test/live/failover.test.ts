// No single point of failure: any node dies whole, by SIGKILL, under 16 writing clients, and no call fails.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import { connect, Mode } from '../../src/index.js';
import { startEmulator } from '../support/emulator.js';
import { eachSucceeds, type LoadClient, longestGapMs, lostWrites, Writer } from '../support/load.js';
import { recordsInLog } from '../support/logs.js';

const clientCount = 16;
const gapMsMax = 500;
/** Writes of each client before a node dies, once all know that it is dead, and once it serves again. */
const writesEach = 20;

/** Clients on every bus server, as many in each mode; each knows all servers and begins with its own. */
function clientsOf(emulator: Emulator, turn: string): LoadClient[] {
  const { urls } = emulator;
  return Array.from({ length: clientCount }, (_, i) => {
    const at = i % urls.length;
    return {
      name: `${turn}.${i}`,
      servers: [...urls.slice(at), ...urls.slice(0, at)],
      mode: Math.floor(i / urls.length) % 2 === 0 ? Mode.Api : Mode.Direct,
    };
  });
}

/** Kills `node` under load and starts it again, still under load. */
async function killUnderLoad(t: TestContext, emulator: Emulator, node: string): Promise<Writer[]> {
  const writers = await Promise.all(clientsOf(emulator, node).map(spec => Writer.start(t, spec)));
  try {
    await eachSucceeds(writers, writesEach);
    await emulator.kill(node);
    await eachSucceeds(writers, writesEach);
    await emulator.restart(node);
    await eachSucceeds(writers, writesEach);
  } finally {
    await Promise.all(writers.map(writer => writer.stop()));
  }
  const itsUrl = emulator.urls[emulator.nodes.indexOf(node)];
  const elsewhere = writers.filter(({ spec }) => spec.servers[0] !== itsUrl);
  const there = writers.filter(({ spec }) => spec.servers[0] === itsUrl);
  const gapMs = longestGapMs(elsewhere);
  t.diagnostic(
    `${writers.reduce((sum, { calls }) => sum + calls, 0)} calls; without a success: ${Math.round(gapMs)} ms on the ` +
      `surviving servers, ${Math.round(longestGapMs(there))} ms on the killed one; slowest call ` +
      `${Math.round(Math.max(...elsewhere.map(({ slowestMs }) => slowestMs)))} ms and ` +
      `${Math.round(Math.max(...there.map(({ slowestMs }) => slowestMs)))} ms`,
  );
  assert.deepEqual(
    writers.flatMap(({ failures }) => failures),
    [],
  );
  assert.ok(gapMs <= gapMsMax, `${Math.round(gapMs)} ms without a success on the surviving servers`);
  return writers;
}

test('any one node can be killed under 16 writers', async t => {
  const emulator = await startEmulator(t, { partitioner: 'murmur3', sync: 'always' });
  const writers: Writer[] = [];
  for (const node of emulator.nodes)
    await t.test(`no call fails and writes go on when ${node} is killed and when it comes back`, async t => {
      writers.push(...(await killUnderLoad(t, emulator, node)));
    });

  await t.test('every acknowledged write is read at QUORUM', async () => {
    await using client = await connect({ servers: [...emulator.urls], mode: Mode.Direct, timeoutMs: 10_000 });
    assert.deepEqual(await lostWrites(client, writers), []);
  });

  await t.test('a write that was tried again stands in the logs under one version only', async () => {
    const versions = new Map<string, Set<string>>();
    for (const node of emulator.nodes)
      for (const { value, time, writer } of await recordsInLog(emulator, node)) {
        const known = versions.get(value ?? '') ?? new Set();
        versions.set(value ?? '', known.add(`${time}@${writer}`));
      }
    const acknowledged = writers.flatMap(writer => [...writer.acknowledged.values()]);
    assert.ok(acknowledged.length > 0);
    assert.deepEqual(
      acknowledged.filter(({ value }) => !versions.has(value)),
      [],
    );
    assert.deepEqual(
      [...versions].filter(([, all]) => all.size > 1),
      [],
    );
  });
});
