// A frozen node is still a member of the coordinators' queue group: clients find out who it is, and ask the others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import { Part } from '../../src/emulator/part.js';
import { type Client, connect } from '../../src/index.js';
import { openConnection } from '../../src/nats/connection.js';
import { startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { recordsInLog } from '../support/logs.js';
import { busUrl } from '../support/streams.js';

const frozen = 'n2';
/** Some owned by the frozen node, some not. */
const keys = Array.from({ length: 256 }, (_, i) => i);
/** Each a client of its own, with one call under way. */
const callers = 8;
/** Few, and no longer than it takes: a process that was frozen for many seconds gives up its connection, and what waits there. */
const callsEachMin = 30;
/** One is under way when a caller finds out, rarely one more. A quarter of the messages would be 60. */
const messagesMax = 2 * callers;
const deadlineMs = 20_000;

const open = (emulator: Emulator): Promise<Client> =>
  connect({ servers: busUrl(emulator, 'n0'), timeoutMs: 10_000, nats: { ignoreClusterUpdates: true } });

/** Counts the messages with operations that reach `node`, asked by name or by the queue group, in its own statistics. */
async function messagesMet(emulator: Emulator, client: Client, node: string): Promise<number> {
  const { incarnation } = await client.status(node);
  const connection = await openConnection({
    servers: [busUrl(emulator, 'n0')],
    name: 'test',
    timeoutMs: 5000,
  });
  try {
    const counts = await Promise.all(
      ['dynats', `dynats-${node}`].map(async name => {
        const reply = await connection.request(`$SRV.STATS.${name}.${node}-${incarnation}`);
        const { endpoints } = reply.json<{ endpoints: { name: string; num_requests: number }[] }>();
        return endpoints.find(endpoint => endpoint.name === 'batch')?.num_requests ?? 0;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    await connection.close();
  }
}

test('of hundreds of messages a frozen node gets those that were under way when it was found out', async t => {
  const emulator = await startEmulator(t);
  await using client = await open(emulator);
  for (const key of keys) await client.put(key, 'before', { level: 'ALL' });
  const before = await messagesMet(emulator, client, frozen);
  const clients = await Promise.all(Array.from({ length: callers }, () => open(emulator)));
  let isNoticed = false;
  // Not waited for: the other nodes have not noticed it either when the calls begin. Its brokers go on, so that they keep
  // for it whatever it is sent.
  const noticed = emulator.pause(frozen, [Part.Replica]).then(() => {
    isNoticed = true;
  });
  const written = new Map<string, string>();
  await Promise.all(
    clients.map(async (client, caller) => {
      for (let call = 0; call < callsEachMin || !isNoticed; call++) {
        const key = keys[(caller * callsEachMin + call) % keys.length] ?? 0;
        if (call % 2 === 0) await client.get(key, { level: 'QUORUM' });
        else {
          const value = `${caller}:${call}`;
          written.set(value, (await client.put(key, value, { level: 'QUORUM' })).version);
        }
      }
    }),
  );
  await noticed;
  await Promise.all(clients.map(client => client.close()));
  await emulator.resume(frozen);

  await t.test('whatever was asked of it', async () => {
    const met = (await messagesMet(emulator, client, frozen)) - before;
    t.diagnostic(`${met} messages met ${frozen}`);
    assert.ok(met <= messagesMax, `${met} messages met the frozen node`);
  });

  await t.test('no write became two, though some were sent through two nodes', async () => {
    const versions = new Map<string, Set<string>>();
    for (const node of emulator.nodes)
      for (const { value = '', time, writer } of await recordsInLog(emulator, node))
        if (written.has(value))
          versions.set(value, (versions.get(value) ?? new Set()).add(`${time}@${writer}`));
    for (const [value, version] of written) assert.deepEqual([...(versions.get(value) ?? [])], [version]);
  });

  await t.test('and it is asked again when it is back', async () => {
    const since = await messagesMet(emulator, client, frozen);
    await eventually(
      async () => {
        for (const key of keys.slice(0, 20)) await client.get(key);
        return (await messagesMet(emulator, client, frozen)) > since;
      },
      { deadlineMs, what: `${frozen} coordinates again` },
    );
  });
});

test('a new client asks nothing of a node that the first it hears thinks dead, though that is frozen', async t => {
  const emulator = await startEmulator(t);
  await using witness = await open(emulator);
  const before = await messagesMet(emulator, witness, frozen);
  assert.ok((await emulator.pause(frozen)).noticed);
  for (let i = 0; i < 20; i++) {
    await using client = await open(emulator);
    await client.put(keys[i] ?? 0, 'value', { level: 'QUORUM' });
  }
  await emulator.resume(frozen);
  assert.equal((await messagesMet(emulator, witness, frozen)) - before, 0);
});
