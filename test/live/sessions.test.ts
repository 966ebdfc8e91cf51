// Sessions at level ONE while an owner lags behind: its node was down when the others stored a write, and the node that keeps
// the hint for it is frozen. Key 137 is owned by n2, n3 and n0; n1 keeps the hints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import { type Client, type GetReply, Level, type PutReply, ReadTimeoutError } from '../../src/index.js';
import { coordinatorsOf, openClients } from '../support/coordinators.js';
import { dynats, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl, openStreams } from '../support/streams.js';

const key = '137';
const lagging = 'n2';
const hintHolder = 'n1';
const settleMs = 15_000;
const one = { level: Level.One } as const;

/**
 * Leaves n2 with `old`, and n3 and n0 with `new`; n1, which could tell n2, is frozen.
 *
 * @returns the token of the session that wrote `new` at level ONE.
 */
async function letOneLag(emulator: Emulator, client: Client): Promise<string> {
  const session = client.session();
  await session.put(key, 'old', { level: Level.All, via: 'n0' });
  await emulator.kill(lagging);
  await session.put(key, 'new', { ...one, via: 'n0' });
  const isHinted = async () => ((await client.status(hintHolder)).hints.held[lagging] ?? 0) > 0;
  await eventually(isHinted, { deadlineMs: settleMs, what: `${hintHolder} to hold the hint` });
  await emulator.pause(hintHolder);
  await emulator.restart(lagging);
  const isBack = async () => (await client.read(key, { ...one, via: lagging })).value === 'old';
  await eventually(isBack, { deadlineMs: settleMs, what: `${lagging} to serve what it has` });
  return session.token;
}

async function stillLags(emulator: Emulator): Promise<void> {
  await using streams = await openStreams(emulator, 'n0');
  const values = (await streams.log(lagging)).filter(record => record.key === key).map(({ value }) => value);
  assert.deepEqual(values, ['old'], `${lagging} was told`);
}

test('with an owner that lags, level ONE may be stale without a session and never is within one', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await using clients = await openClients(emulator, 'n0');
  const through = coordinatorsOf(clients, ['n0', lagging, 'n3']);
  const wrote = await letOneLag(emulator, clients.api);

  await t.test('without a session the lagging owner is believed', async () => {
    assert.equal((await clients.api.read(key, { ...one, via: lagging })).value, 'old');
    assert.equal((await clients.direct.read(key, one)).value, 'old');
  });

  await t.test('a session reads what it wrote, through every coordinator', async () => {
    for (const { client, via, name } of through) {
      const reply = await client.session(wrote).read(key, { ...one, ...via });
      assert.equal(reply.value, 'new', `through ${name}`);
      assert.deepEqual([reply.level, reply.required], ['ONE', 1]);
    }
  });

  await t.test(
    'a session never reads less than it has read, whatever client and coordinator goes on',
    async () => {
      const session = clients.api.session();
      assert.equal((await session.read(key, { ...one, via: 'n0' })).value, 'new');
      for (const { client, via, name } of through) {
        const reply = await client.session(session.token).read(key, { ...one, ...via });
        assert.equal(reply.value, 'new', `through ${name}`);
      }
    },
  );

  await t.test('a session that has seen only what the lagging owner has is content with it', async () => {
    const session = clients.api.session();
    assert.equal((await session.get(key, { ...one, via: lagging }))?.string(), 'old');
    assert.equal((await session.get(key, { ...one, via: lagging }))?.string(), 'old');
    assert.equal((await session.get(key, { ...one, via: 'n0' }))?.string(), 'new');
    assert.equal((await session.get(key, { ...one, via: lagging }))?.string(), 'new');
  });

  await t.test('the command line carries a session from one command to the next', async () => {
    const options = ['--server', busUrl(emulator, 'n0'), '--level', 'one'];
    const get = async (...more: string[]) => {
      const { stdout } = await dynats('get', key, ...options, '--json', ...more);
      return JSON.parse(stdout) as GetReply;
    };
    const { value, session = '' } = await get('--session', 'new', '--via', 'n0');
    assert.equal(value, 'new');
    assert.equal((await get('--via', lagging)).value, 'old');
    assert.equal((await get('--via', lagging, '--session', session)).value, 'new');
    const put = await dynats('put', '200', 'v', ...options, '--json', '--session', session);
    assert.ok(((JSON.parse(put.stdout) as PutReply).session ?? '').startsWith(session));
    const plain = await dynats('get', key, ...options, '--via', 'n0', '--session', session);
    assert.equal(plain.stderr, `session: ${session}\n`);
    const bad = await dynats('get', key, ...options, '--session', 'what');
    assert.equal(bad.code, 3);
    assert.match(bad.stderr, /session must be a token/);
  });

  await t.test('and all of this told the lagging owner nothing', () => stillLags(emulator));

  await t.test('with only the lagging owner left it waits for one that is not, or times out', async () => {
    await emulator.kill('n3');
    await emulator.kill('n0', ['log', 'replica']);
    const session = clients.api.session(wrote);
    await assert.rejects(session.get(key, { ...one, via: lagging, timeoutMs: 2000 }), ReadTimeoutError);
    assert.equal((await clients.api.get(key, { ...one, via: lagging }))?.string(), 'old');
    const waiting = session.get(key, { ...one, via: lagging, timeoutMs: settleMs });
    await emulator.restart('n3');
    assert.equal((await waiting)?.string(), 'new');
  });
});
