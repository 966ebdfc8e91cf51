// All nodes die at once, by SIGKILL: what was acknowledged is there when they are back, and one alone serves what it owns.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import { connect, Mode, UnavailableError } from '../../src/index.js';
import { startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { lostWrites, Writer } from '../support/load.js';

/** SIGKILL to every process of every node, in one go. Resolves when all are gone. */
async function killAll(emulator: Emulator): Promise<void> {
  const pids = Object.values(emulator.report().nodes).flatMap(({ bus, log, replica }) => [
    bus.pid,
    log.pid,
    replica.pid,
  ]);
  for (const pid of pids) if (pid !== null) process.kill(pid, 'SIGKILL');
  await eventually(
    () =>
      Object.values(emulator.report().nodes).every(({ bus, log, replica }) =>
        [bus, log, replica].every(({ pid }) => pid === null),
      ),
    { deadlineMs: 5000, what: 'all processes are gone' },
  );
}

test('with all nodes killed at once and started again, every acknowledged write is there', async t => {
  const emulator = await startEmulator(t, { partitioner: 'murmur3', sync: 'always' });
  const { urls } = emulator;
  const specOf = (i: number) => ({
    name: `w${i}`,
    servers: [urls[i % urls.length] ?? ''],
    mode: i % 2 === 0 ? Mode.Api : Mode.Direct,
    // A write at ONE may be in one log only: it must be there nevertheless.
    level: i < 8 ? ('QUORUM' as const) : ('ONE' as const),
  });
  const writers = await Promise.all(Array.from({ length: 16 }, (_, i) => Writer.start(t, specOf(i))));
  await eventually(() => writers.every(({ acknowledged }) => acknowledged.size >= 10), {
    deadlineMs: 60_000,
    what: 'ten writes of each client are acknowledged',
  });
  await killAll(emulator);
  const stopped = Promise.all(writers.map(writer => writer.stop()));

  const restarted = await Promise.all(emulator.nodes.map(node => emulator.restart(node)));
  assert.deepEqual(
    restarted.map(({ state, reason }) => [state, reason]),
    emulator.nodes.map(() => ['serving', undefined]),
  );
  await stopped;
  await using client = await connect({ servers: [...urls], mode: Mode.Direct, timeoutMs: 10_000 });
  const atQuorum = writers.filter(({ spec }) => spec.level === 'QUORUM');
  const atOne = writers.filter(({ spec }) => spec.level === 'ONE');
  assert.deepEqual(await lostWrites(client, atQuorum, 'QUORUM'), []);
  assert.deepEqual(await lostWrites(client, atOne, 'ALL'), []);
});

test('a node started alone while all others stay dead serves ONE for what it owns within 3 s', async t => {
  const emulator = await startEmulator(t, { sync: 'always' });
  const node = 'n2';
  const url = emulator.urls[emulator.nodes.indexOf(node)] ?? '';
  const keys = Array.from({ length: 256 }, (_, key) => key);
  {
    await using client = await connect({ servers: [...emulator.urls] });
    await Promise.all(keys.map(key => client.put(key, `value${key}`, { level: 'ALL', timeoutMs: 10_000 })));
  }
  await killAll(emulator);

  const begun = performance.now();
  const restarting = emulator.restart(node);
  const serving = (async () => {
    await using client = await eventually(() => connect({ servers: [url] }), {
      deadlineMs: 10_000,
      what: `the bus server of ${node} takes connections`,
    });
    await eventually(async () => (await client.get(137, { level: 'ONE' }))?.string() === 'value137', {
      deadlineMs: 10_000,
      what: `${node} serves a read at ONE`,
    });
    await client.put(137, 'alone', { level: 'ONE' });
    return performance.now() - begun;
  })();
  const [{ state }, servedAfterMs] = await Promise.all([restarting, serving]);
  t.diagnostic(`served after ${Math.round(servedAfterMs)} ms`);
  assert.equal(state, 'serving');
  assert.ok(servedAfterMs <= 3000, `served after ${Math.round(servedAfterMs)} ms`);

  for (const mode of Object.values(Mode)) {
    await using client = await connect({ servers: [url], mode });
    for (const key of keys) {
      // Byte-ordered: n3 n0 n1 own 192-255, n2 everything below.
      const isOwner = key < 192;
      const read = client.get(key, { level: 'ONE' });
      if (isOwner) assert.equal((await read)?.string(), key === 137 ? 'alone' : `value${key}`);
      else
        await assert.rejects(read, (error: unknown) => {
          assert.ok(error instanceof UnavailableError, String(error));
          assert.deepEqual([error.required, error.alive], [1, 0]);
          return true;
        });
    }
    await assert.rejects(
      client.put(200, 'refused', { level: 'ONE' }),
      (error: unknown) => error instanceof UnavailableError && error.required === 1 && error.alive === 0,
    );
    await assert.rejects(
      client.put(137, 'refused', { level: 'QUORUM' }),
      (error: unknown) => error instanceof UnavailableError && error.required === 2 && error.alive === 1,
    );
  }
});
