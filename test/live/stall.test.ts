// Processes that are kept busy: one that computes for seconds, or a client that asks again and again without a pause.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, Mode, UnavailableError } from '../../src/index.js';
import { NatsBus } from '../../src/nats/bus.js';
import { openConnection } from '../../src/nats/connection.js';
import { encodeJson } from '../../src/wire/json.js';
import { subjects } from '../../src/wire/subjects.js';
import { startEmulator } from '../support/emulator.js';
import { busUrl } from '../support/streams.js';

/** Owned by n0, n1 and n2. */
const key = '5';
const stallMs = 2500;
const patienceMs = 20_000;

/** Keeps this thread from everything else. */
function stall(): void {
  const until = performance.now() + stallMs;
  while (performance.now() < until);
}

test('replies that waited while the process was busy are not late', async t => {
  const emulator = await startEmulator(t);
  const connection = await openConnection({
    servers: [busUrl(emulator, 'n3')],
    name: 'test',
    timeoutMs: 5000,
  });
  t.after(() => connection.close());
  const bus = new NatsBus(connection);
  const subject = subjects.node('n0', 'cluster');
  await bus.request(subject, encodeJson({}), 5000);
  const reply = bus.request(subject, encodeJson({}), stallMs / 5);
  // The socket has taken the request after these.
  for (let i = 0; i < 3; i++) await new Promise(done => setImmediate(done));
  stall();
  assert.ok((await reply).data.length > 0);
  await assert.rejects(bus.request('dynats.nobody', encodeJson({}), 500), { kind: 'no-responders' });
  connection.subscribe('dynats.silent', { callback: () => {} });
  await assert.rejects(bus.request('dynats.silent', encodeJson({}), 50), { kind: 'timeout' });
});

test('a direct client that asks again at once whenever it is refused hears that nodes are back', async t => {
  const emulator = await startEmulator(t);
  await using client = await connect({ servers: busUrl(emulator, 'n3'), mode: Mode.Direct });
  await client.put(key, 'value', { level: 'ALL' });
  await emulator.kill('n0');
  await emulator.kill('n1');
  const restarted = Promise.all(['n0', 'n1'].map(node => emulator.restart(node)));
  const until = performance.now() + patienceMs;
  let refused = 0;
  for (;;) {
    try {
      assert.equal((await client.get(key, { level: 'QUORUM' }))?.string(), 'value');
      break;
    } catch (error) {
      if (!(error instanceof UnavailableError) || performance.now() > until) throw error;
      refused++;
    }
  }
  await restarted;
  t.diagnostic(`${refused} calls refused`);
});
