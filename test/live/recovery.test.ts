// What a node has when it comes back: everything in its log, and what it missed, by hints. The owners of every key here are
// n0, n1 and n2; n3 is the first to hold hints for them. The target is n1.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import type { Part } from '../../src/emulator/part.js';
import {
  type Client,
  Level,
  type RequestOptions,
  UnavailableError,
  type WireRecord,
} from '../../src/index.js';
import { openClients } from '../support/coordinators.js';
import { startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { openStreams, type Streams } from '../support/streams.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const target = 'n1';
/** A value, or null for a deleted key. */
type Contents = Map<string, string | null>;

/** Of a request: longer than a hanging log may take to ack. */
const timeoutMs = 5000;
const handoffMs = 15_000;

for (const [what, parts] of [
  ['a replica', ['replica']],
  ['a whole node', undefined],
] as const)
  test(`${what} killed under writes comes back with everything in its log, and gets what it missed`, async t => {
    const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
    await using clients = await openClients(emulator, 'n0', timeoutMs);
    await using streams = await openStreams(emulator, 'n0');
    const { api } = clients;
    const stored = await writeSome(api, '!stored', { level: Level.All });
    const others = pidsOf(
      emulator,
      nodes.filter(node => node !== target),
    );

    const writers = startWriters(api);
    await writers.reach(200);
    await emulator.kill(target, parts);
    await writers.reach(writers.count + 200);
    const { state } = await emulator.restart(target);
    assert.equal(state, 'serving');
    await answers(api);
    assert.deepEqual(await memoryOf(api, [...stored.keys()]), stored, 'right after the start');
    await writers.reach(writers.count + 200);
    const written = await writers.stop();

    await hasCaughtUp(api, streams, new Map([...stored, ...written]));
    const { records } = await api.records(target, { limit: 4096 });
    const byKey = (a: WireRecord, b: WireRecord) => (a.key < b.key ? -1 : 1);
    assert.deepEqual(records.sort(byKey), newestOf(await streams.log(target)).sort(byKey), 'memory and log');
    assert.deepEqual(
      pidsOf(
        emulator,
        nodes.filter(node => node !== target),
      ),
      others,
    );
  });

test('a node gets what it missed', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  t.afterEach(() => heal(emulator));
  await using clients = await openClients(emulator, 'n0', timeoutMs);
  await using streams = await openStreams(emulator, 'n0');
  const { api } = clients;

  await t.test(
    "from the neighbour of the coordinator that held the hints, when that one's replica is killed",
    async () => {
      await emulator.kill(target);
      const missed = await writeSome(api, '!neighbour', { via: 'n3' });
      await isHinted(streams, 'n3', missed);
      await emulator.kill('n3', ['replica']);
      await emulator.restart(target);
      await hasCaughtUp(api, streams, missed);
      await emulator.restart('n3');
    },
  );

  await t.test('when the coordinator was another than the holder, and is killed as a whole', async () => {
    await emulator.kill(target);
    const missed = await writeSome(api, '!coordinator', { via: 'n2' });
    await isHinted(streams, 'n3', missed);
    await emulator.kill('n2');
    await emulator.restart(target);
    await hasCaughtUp(api, streams, missed, ['n0', 'n1', 'n3']);
    await emulator.restart('n2');
  });

  await t.test(
    'when the coordinator that held the hints was killed as a whole, once that one is back',
    async () => {
      await emulator.kill(target);
      const missed = await writeSome(api, '!holder', { via: 'n3' });
      await isHinted(streams, 'n3', missed);
      await emulator.kill('n3');
      await emulator.restart(target);
      await answers(api);
      assert.deepEqual(await memoryOf(api, [...missed.keys()]), new Map(), 'nobody else can know');
      await emulator.restart('n3');
      await hasCaughtUp(api, streams, missed);
    },
  );

  await t.test('when the client itself coordinated', async () => {
    await emulator.kill(target);
    const missed = await writeSome(clients.direct, '!client', {});
    await isHinted(streams, 'n3', missed);
    await emulator.restart(target);
    await hasCaughtUp(api, streams, missed);
  });

  const cuts: readonly (readonly Part[])[] = [['bus', 'log', 'replica'], ['bus'], ['log']];
  for (const parts of cuts)
    await t.test(
      `when it hung (${parts.join(', ')}) and goes on, with no process started again`,
      async () => {
        const before = pidsOf(emulator, nodes);
        await emulator.pause(target, parts);
        const missed = await writeSome(api, `!hung ${parts.join()}`, { via: 'n2' });
        await isHinted(streams, 'n3', missed);
        await emulator.resume(target);
        await hasCaughtUp(api, streams, missed);
        assert.deepEqual(pidsOf(emulator, nodes), before);
      },
    );

  for (const parts of [['bus', 'log'], ['log']] as const)
    await t.test(
      `when its ${parts.join(' and ')} were killed and started again, and its replica went on`,
      async () => {
        const before = emulator.report().nodes[target]?.replica.pid;
        await emulator.kill(target, parts);
        const missed = await writeSome(api, `!brokers ${parts.join()}`, { via: 'n2' });
        await isHinted(streams, 'n3', missed);
        await emulator.restart(target);
        await hasCaughtUp(api, streams, missed);
        assert.equal(emulator.report().nodes[target]?.replica.pid, before);
      },
    );

  await t.test('when it is killed again while it gets it', async () => {
    await emulator.kill(target);
    const missed: Contents = new Map();
    // One after another, so that each is a hint of its own.
    for (let i = 0; i < 150; i++) {
      await api.put(`!again ${i}`, String(i), { via: 'n3' });
      missed.set(`!again ${i}`, String(i));
    }
    await isHinted(streams, 'n3', missed);
    const { delivered } = (await api.status('n3')).hints;
    await emulator.restart(target);
    await eventually(async () => (await api.status('n3')).hints.delivered > delivered, {
      deadlineMs: handoffMs,
      what: 'the first hint is delivered',
    });
    await emulator.kill(target);
    await emulator.restart(target);
    await hasCaughtUp(api, streams, missed);
  });
});

test('a node whose data was deleted comes back with what hints hold, as recovering', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await using clients = await openClients(emulator, 'n0', timeoutMs);
  await using streams = await openStreams(emulator, 'n0');
  const { api } = clients;
  const lost = await writeSome(api, '!lost', { level: Level.All });
  await emulator.kill(target);
  const missed = await writeSome(api, '!missed', {});
  await isHinted(streams, 'n3', missed);
  emulator.wipe(target);
  const restarted = await emulator.restart(target);
  await answers(api);

  await t.test('says so', async () => {
    assert.equal(restarted.state, 'recovering');
    const { state, reason } = await api.status(target);
    assert.equal(state, 'recovering');
    assert.match(reason ?? '', /the log is missing; peers remember it up to entry \d+/);
  });

  await t.test('gets the hints, and only those', async () => {
    await hasCaughtUp(api, streams, missed);
    assert.deepEqual(await memoryOf(api, [...lost.keys()]), new Map());
  });

  await t.test('takes writes, and does not count for reads', async () => {
    const { acked } = await api.put('!after', 'wiped', { level: Level.All });
    assert.equal(acked, 3);
    assert.ok(
      (await streams.log(target)).some(({ key }) => key === '!after'),
      'it is in the new log',
    );
    await isUnavailable(api.get('!lost 1', { level: Level.All }), { required: 3, alive: 2 });
    assert.deepEqual(await readAt(api, lost, Level.Quorum), lost, 'the other two answer');
    await emulator.kill('n2', ['replica']);
    await isUnavailable(api.get('!lost 1', { level: Level.Quorum }), { required: 2, alive: 1 });
    assert.equal((await api.put('!after', 'again', { level: Level.Quorum })).acked, 2);
    await emulator.restart('n2');
  });

  await t.test('stays so when it is killed and started again', async () => {
    await emulator.kill(target);
    assert.equal((await emulator.restart(target)).state, 'recovering');
  });
});

/** Puts, updates and deletes 40 keys, those of one prefix; resolves to what they hold then. */
async function writeSome(client: Client, prefix: string, options: RequestOptions): Promise<Contents> {
  const contents: Contents = new Map();
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const key = `${prefix} ${i}`;
      await client.put(key, `first ${i}`, options);
      if (i % 4 === 0) await client.put(key, `second ${i}`, options);
      if (i % 4 === 1) await client.delete(key, options);
      contents.set(key, i % 4 === 1 ? null : i % 4 === 0 ? `second ${i}` : `first ${i}`);
    }),
  );
  return contents;
}

interface Writers {
  /** Writes acknowledged so far. */
  readonly count: number;
  /** Resolves when that many have been acknowledged. */
  reach(count: number): Promise<void>;
  /** Resolves to what their keys hold. Rejects when any write has failed. */
  stop(): Promise<Contents>;
}

/** Eight writers at QUORUM, each with keys of its own, one write after another. */
function startWriters(client: Client): Writers {
  const contents: Contents = new Map();
  let count = 0;
  let isOver = false;
  const run = async (writer: number) => {
    for (let i = 0; !isOver; i++) {
      const key = `!writer ${writer} ${i % 30}`;
      if (i % 7 === 3) await client.delete(key);
      else await client.put(key, String(i));
      contents.set(key, i % 7 === 3 ? null : String(i));
      count++;
    }
  };
  const done = Promise.all(Array.from({ length: 8 }, (_, writer) => run(writer)));
  const failed = done.then(() => {}).catch((error: unknown) => error);
  return {
    get count() {
      return count;
    },
    reach: async wanted => {
      const reached = eventually(() => count >= wanted, { deadlineMs: handoffMs, what: `${wanted} writes` });
      const first = await Promise.race([reached, failed]);
      if (first instanceof Error) throw first;
    },
    stop: async () => {
      isOver = true;
      await done;
      return contents;
    },
  };
}

/** Waits until the target holds `contents` and none of `holders` has a hint for it. */
async function hasCaughtUp(
  client: Client,
  streams: Streams,
  contents: Contents,
  holders: readonly string[] = nodes,
): Promise<void> {
  const keys = [...contents.keys()];
  await eventually(async () => assert.deepEqual(await memoryOf(client, keys), contents), {
    deadlineMs: handoffMs,
    what: `${target} has what it missed`,
  });
  await eventually(
    async () => {
      for (const holder of holders)
        assert.deepEqual((await streams.hints(holder)).get(target), undefined, holder);
    },
    { deadlineMs: handoffMs, what: `the hints that ${target} has got are gone` },
  );
}

/** Waits until the target takes requests: a node that has just started first listens for its peers. */
async function answers(client: Client): Promise<void> {
  await eventually(() => client.status(target), { deadlineMs: timeoutMs, what: `${target} answers` });
}

/** What the target's memory holds of `keys`. */
async function memoryOf(client: Client, keys: readonly string[]): Promise<Contents> {
  const { records } = await client.records(target, { keys: [...keys] });
  return new Map(records.map(({ key, value }) => [key, value ?? null]));
}

async function readAt(client: Client, contents: Contents, level: Level): Promise<Contents> {
  const keys = [...contents.keys()];
  const entries = await Promise.all(keys.map(key => client.get(key, { level })));
  return new Map(keys.map((key, i) => [key, entries[i]?.string() ?? null]));
}

/** Waits until `holder` has hints of all of `contents` for the target: they are stored after the answer. */
async function isHinted(streams: Streams, holder: string, contents: Contents): Promise<void> {
  await eventually(
    async () => {
      const hints = newestOf((await streams.hints(holder)).get(target) ?? []);
      const held = new Map(hints.map(({ key, value }) => [key, value ?? null]));
      for (const [key, value] of contents) assert.equal(held.get(key), value, key);
    },
    { deadlineMs: handoffMs, what: `${holder} holds hints for ${target}` },
  );
}

async function isUnavailable(
  request: Promise<unknown>,
  wanted: { required: number; alive: number },
): Promise<void> {
  await assert.rejects(request, (error: unknown) => {
    assert.ok(error instanceof UnavailableError, String(error));
    assert.deepEqual({ required: error.required, alive: error.alive }, wanted);
    return true;
  });
}

/** The newest record of each key, by the rule as written down: larger time; on a tie the delete, then the larger writer. */
function newestOf(records: readonly WireRecord[]): WireRecord[] {
  const rank = ({ time, deleted, writer }: WireRecord) =>
    `${String(time).padStart(16, '0')} ${deleted === true ? 1 : 0} ${writer}`;
  const newest = new Map<string, WireRecord>();
  for (const record of records) {
    const held = newest.get(record.key);
    if (held === undefined || rank(record) > rank(held)) newest.set(record.key, record);
  }
  return [...newest.values()];
}

/** Makes every process run again, so that one failure is not the next one's, too. */
async function heal(emulator: Emulator): Promise<void> {
  for (const [node, { bus, log, replica }] of Object.entries(emulator.report().nodes)) {
    const states = [bus, log, replica].map(({ state }) => state);
    if (states.includes('paused')) await emulator.resume(node);
    if (states.some(state => state === 'down' || state === 'died')) await emulator.restart(node);
  }
}

function pidsOf(emulator: Emulator, of: readonly string[]): unknown {
  const { nodes: views } = emulator.report();
  return of.map(node => [views[node]?.bus.pid, views[node]?.log.pid, views[node]?.replica.pid]);
}
