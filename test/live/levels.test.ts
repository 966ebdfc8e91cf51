// What each consistency level promises while owners differ and while they are dead: killed replicas, killed nodes, paused
// nodes. The owners of every key here are n0, n1 and n2.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import { Level, UnavailableError, type WireRecord, WriteTimeoutError } from '../../src/index.js';
import { versionText } from '../../src/model/record.js';
import {
  anyNode,
  type Clients,
  type Coordinator,
  coordinatorsOf,
  openClients,
} from '../support/coordinators.js';
import { startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { openStreams, type Streams } from '../support/streams.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const owners = ['n0', 'n1', 'n2'];
/** Only ever written by requests that must be refused. */
const refusedKey = '!refused';
/** Written by requests that run to their deadline. */
const unknownKey = '!unknown';
/** Deadline of every request here: a refusal that takes this long was no refusal. */
const timeoutMs = 5000;
const refusalMs = 300;
/** A request that meets a dead node for the first time may have to try another one, or two. */
const detourMs = 2000;
const settleMs = 15_000;

interface Failure {
  readonly what: string;
  strike(emulator: Emulator, node: string): Promise<unknown>;
  heal(emulator: Emulator, node: string): Promise<unknown>;
  /** Whether the broker tells that nobody listens; else only silence does. */
  readonly isSeenAtOnce: boolean;
  /** Whether the logs of dead nodes can still be read. */
  readonly logsStay: boolean;
}

const failures: readonly Failure[] = [
  {
    what: 'replica processes killed',
    strike: (emulator, node) => emulator.kill(node, ['replica']),
    heal: (emulator, node) => emulator.restart(node),
    isSeenAtOnce: true,
    logsStay: true,
  },
  {
    what: 'whole nodes killed',
    strike: (emulator, node) => emulator.kill(node),
    heal: (emulator, node) => emulator.restart(node),
    isSeenAtOnce: true,
    logsStay: false,
  },
  {
    what: 'nodes paused',
    strike: (emulator, node) => emulator.pause(node),
    heal: (emulator, node) => emulator.resume(node),
    isSeenAtOnce: false,
    logsStay: false,
  },
];

for (const failure of failures)
  test(`levels with ${failure.what}`, async t => {
    const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
    await using clients = await openClients(emulator, 'n3', timeoutMs);
    await using streams = await openStreams(emulator, 'n3');
    const through = (alive: readonly string[]) => coordinatorsOf(clients, alive);
    /** What each key must hold in the end, on every owner. */
    const expected = new Map<string, string>();
    await clients.api.put('7', 'before', { level: Level.All });

    await t.test(
      'with one owner dead QUORUM writes and reads succeed at once, before and after it is noticed',
      async () => {
        const noticed = failure.strike(emulator, 'n0');
        await Promise.all(
          through(['n1', 'n2', 'n3']).map(by => putAndGet(by, 'at once', Level.Quorum, expected)),
        );
        await noticed;
        await Promise.all(
          through(['n1', 'n2', 'n3']).map(by => putAndGet(by, 'then', Level.Quorum, expected)),
        );
      },
    );

    await t.test('with one owner dead ALL is refused', async () => {
      for (const by of through(['n1', 'n2', 'n3']))
        await isRefused(failure, by, Level.All, { required: 3, alive: 2 });
    });

    await t.test('with two owners dead QUORUM is refused, and nothing is written anywhere', async t => {
      const noticed = failure.strike(emulator, 'n1');
      if (!failure.isSeenAtOnce)
        await t.test('first by deadline, its outcome unknown', () => timesOut(streams, clients));
      await noticed;
      for (const by of through(['n2', 'n3']))
        await isRefused(failure, by, Level.Quorum, { required: 2, alive: 1 });
      for (const node of ['n2', 'n3']) await isRefusedRaw(streams, node);
      await isNowhere(streams, refusedKey, failure.logsStay ? nodes : ['n2', 'n3']);
    });

    await t.test('with two owners dead ONE works', async () => {
      for (const by of through(['n2', 'n3'])) await putAndGet(by, 'alone', Level.One, expected);
    });

    await t.test('with three owners dead ONE is refused and ANY works', async () => {
      await failure.strike(emulator, 'n2');
      for (const by of through(['n3'])) await isRefused(failure, by, Level.One, { required: 1, alive: 0 });
      for (const { name, client, via } of through(['n3'])) {
        const { acked } = await client.put(`!any ${name}`, 'any', { ...via, level: Level.Any });
        assert.ok(acked >= 1);
        expected.set(`!any ${name}`, 'any');
      }
    });

    if (failure.logsStay)
      await t.test('with every node dead ANY is refused', async () => {
        await failure.strike(emulator, 'n3');
        for (const by of through([])) await isRefused(failure, by, Level.Any, { required: 1, alive: 0 });
        await isNowhere(streams, refusedKey, nodes);
        await failure.heal(emulator, 'n3');
      });

    await t.test(
      'when all are back every owner has what was accepted, and what was refused is nowhere',
      async () => {
        for (const node of owners) await failure.heal(emulator, node);
        await eventually(() => ownersHold(clients, streams, expected), {
          deadlineMs: settleMs,
          what: 'every owner holds every accepted write and no hint is left',
        });
        await isNowhere(streams, refusedKey, nodes);
        for (const { client, via } of through(nodes))
          for (const [key, value] of expected) assert.equal((await client.get(key, via))?.string(), value);
        if (!failure.isSeenAtOnce) await isAllOrNothing(clients);
      },
    );
  });

test('reads of owners that differ', async t => {
  const emulator = await startEmulator(t, { replica: withoutAntiEntropy });
  await using clients = await openClients(emulator, 'n3', timeoutMs);
  await using streams = await openStreams(emulator, 'n3');
  const coordinators = coordinatorsOf(clients, nodes);

  await t.test('at QUORUM return the newest, whichever two owners have it and whoever asks', async () => {
    const holders = [
      ['n0', 'n1'],
      ['n1', 'n2'],
      ['n0', 'n2'],
    ];
    const cases = holders.flatMap(with2 =>
      coordinators.flatMap(by => contests.map(make => ({ with2, by, make }))),
    );
    const differing = cases.map(({ with2, by, make }) => ({
      by,
      with2,
      ...make(`!${with2.join('+')} ${by.name}`),
    }));
    await spread(
      streams,
      differing.map(({ older, newer, with2 }) => ({ older, newer, holders: with2 })),
    );
    for (const { by, newer, with2 } of differing) await isRead(by, Level.Quorum, newer, `on ${with2.join()}`);
  });

  await t.test(
    'at ALL return the newest that only one owner has, and every owner has it by then',
    async () => {
      const cases = owners.flatMap(holder =>
        coordinators.flatMap(by => contests.map(make => ({ holder, by, make }))),
      );
      const differing = cases.map(({ holder, by, make }) => ({
        by,
        holder,
        ...make(`#${holder} ${by.name}`),
      }));
      await spread(
        streams,
        differing.map(({ older, newer, holder }) => ({ older, newer, holders: [holder] })),
      );
      for (const { by, newer, holder } of differing) await isRead(by, Level.All, newer, `on ${holder}`);
      for (const owner of owners) {
        const logged = new Set(
          (await streams.log(owner)).map(record => `${record.key}: ${versionText(record)}`),
        );
        for (const { newer } of differing)
          assert.ok(logged.has(`${newer.key}: ${versionText(newer)}`), `${owner} has ${newer.key}`);
      }
    },
  );

  await t.test(
    'at QUORUM never go backwards once one of them has returned what only one owner had',
    async () => {
      const differing = owners.flatMap(holder => contests.map(make => ({ holder, ...make(`$${holder}`) })));
      await spread(
        streams,
        differing.map(({ older, newer, holder }) => ({ older, newer, holders: [holder] })),
      );
      for (const { newer, holder } of differing) {
        const atHolder = coordinators.find(({ name }) => name === holder);
        assert.ok(atHolder !== undefined);
        await isRead(atHolder, Level.Quorum, newer, `on ${holder}`);
        for (const by of coordinators)
          await isRead(by, Level.Quorum, newer, `after it was read from ${holder}`);
      }
    },
  );
});

/** Two records of one key of which `newer` wins; `older` undefined when the other owners have nothing. */
interface Contest {
  readonly older: WireRecord | undefined;
  readonly newer: WireRecord;
}

const aMinuteAgo = (Date.now() - 60_000) * 1000;

function recordOf(
  key: string,
  part: Pick<WireRecord, 'writer' | 'value' | 'deleted'>,
  later = 0,
): WireRecord {
  return { bucket: 'default', key, time: aMinuteAgo + later, ...part };
}

const contests: readonly ((prefix: string) => Contest)[] = [
  key => ({
    older: recordOf(`${key} time`, { value: 'older', writer: 'z' }),
    newer: recordOf(`${key} time`, { value: 'newer', writer: 'a' }, 1),
  }),
  key => ({
    older: recordOf(`${key} writer`, { value: 'smaller writer', writer: 'a' }),
    newer: recordOf(`${key} writer`, { value: 'larger writer', writer: 'b' }),
  }),
  key => ({
    older: recordOf(`${key} deleted`, { value: 'older', writer: 'z' }),
    newer: recordOf(`${key} deleted`, { deleted: true, writer: 'a' }, 1),
  }),
  key => ({
    older: recordOf(`${key} tie`, { value: 'put', writer: 'z' }),
    newer: recordOf(`${key} tie`, { deleted: true, writer: 'a' }),
  }),
  key => ({
    older: recordOf(`${key} back`, { deleted: true, writer: 'z' }),
    newer: recordOf(`${key} back`, { value: 'put after delete', writer: 'a' }, 1),
  }),
  key => ({ older: undefined, newer: recordOf(`${key} missing`, { value: 'only here', writer: 'a' }) }),
];

/** Appends each older record to the logs of all owners and each newer one to its holders' only. */
async function spread(
  streams: Streams,
  all: readonly (Contest & { holders: readonly string[] })[],
): Promise<void> {
  for (const owner of owners) {
    await streams.append(
      owner,
      all.flatMap(({ older }) => older ?? []),
    );
    await streams.append(
      owner,
      all.filter(({ holders }) => holders.includes(owner)).map(({ newer }) => newer),
    );
  }
}

async function isRead(
  { name, client, via }: Coordinator,
  level: Level,
  newer: WireRecord,
  where: string,
): Promise<void> {
  const reply = await client.read(newer.key, { ...via, level });
  const got = { found: reply.found, value: reply.value, version: reply.version };
  const wanted = { found: newer.deleted !== true, value: newer.value, version: versionText(newer) };
  assert.deepEqual(got, wanted, `${newer.key} ${where}, through ${name} at ${level}`);
}

async function putAndGet(
  by: Coordinator,
  value: string,
  level: Level,
  expected: Map<string, string>,
): Promise<void> {
  const key = `!through ${by.name}`;
  const options = { ...by.via, level };
  const begun = performance.now();
  await by.client.put(key, value, options);
  const tookMs = performance.now() - begun;
  assert.equal((await by.client.get(key, options))?.string(), value, `through ${by.name} at ${level}`);
  assert.ok(tookMs < detourMs, `through ${by.name} at ${level} in ${Math.round(tookMs)} ms`);
  expected.set(key, value);
}

/** A read, a write and a delete of a key that is never written otherwise, refused at once. */
async function isRefused(
  failure: Failure,
  { name, client, via }: Coordinator,
  level: Level,
  wanted: { required: number; alive: number },
): Promise<void> {
  const options = { ...via, level };
  // Left to any node, a request may first reach one that hangs: then nobody can say that it will never be carried out.
  const mayHang = name === anyNode && !failure.isSeenAtOnce;
  const key = mayHang ? unknownKey : refusedKey;
  // The verdict is each coordinator's own: a read, which leaves no trace, shows that this one has it.
  const probe = { ...options, level: level === Level.Any ? Level.One : level };
  await eventually(() => assert.rejects(client.get(refusedKey, probe), UnavailableError), {
    deadlineMs: settleMs,
    what: `${name} notices that ${wanted.alive} owners are alive`,
  });
  const requests: [string, () => Promise<unknown>][] = [
    ['put', () => client.put(key, 'refused', options)],
    ['delete', () => client.delete(key, options)],
  ];
  if (level !== Level.Any) requests.push(['get', () => client.get(key, options)]);
  for (const [verb, request] of requests) {
    const begun = performance.now();
    await assert.rejects(request, (error: unknown) => {
      if (mayHang && error instanceof WriteTimeoutError) return true;
      assert.ok(error instanceof UnavailableError, `${verb} through ${name}: ${String(error)}`);
      const { required, alive, effect } = error;
      assert.deepEqual({ required, alive, effect }, { ...wanted, effect: 'none' }, `${verb} through ${name}`);
      return true;
    });
    const tookMs = performance.now() - begun;
    // With no node at all the client hopes for a moment that one comes up.
    const limitMs = mayHang ? timeoutMs : level === Level.Any ? detourMs : refusalMs;
    assert.ok(tookMs < limitMs, `${verb} through ${name} refused in ${Math.round(tookMs)} ms`);
  }
}

/** The same as the `nats` command line sees it. */
async function isRefusedRaw({ connection }: Streams, node: string): Promise<void> {
  for (const verb of ['put', 'get', 'delete']) {
    const request = {
      key: refusedKey,
      ...(verb === 'put' ? { value: 'refused' } : {}),
      level: 'QUORUM',
      timeoutMs,
    };
    const begun = performance.now();
    const reply = await connection.request(`dynats.node.${node}.${verb}`, JSON.stringify(request), {
      timeout: timeoutMs,
    });
    const tookMs = performance.now() - begun;
    const { error } = reply.json<{
      error: { code: string; required: number; alive: number; effect: string };
    }>();
    const { code, required, alive, effect } = error;
    assert.deepEqual(
      { code, required, alive, effect },
      { code: 'UNAVAILABLE', required: 2, alive: 1, effect: 'none' },
    );
    assert.equal(reply.headers?.get('Nats-Service-Error-Code'), '503');
    assert.ok(tookMs < refusalMs, `${verb} through ${node} refused in ${Math.round(tookMs)} ms`);
  }
}

/** The first requests after the second owner hangs: nobody can know it yet. */
async function timesOut({ connection }: Streams, { direct }: Clients): Promise<void> {
  const ask = async (node: string, verb: string, request: object) => {
    const reply = await connection.request(
      `dynats.node.${node}.${verb}`,
      JSON.stringify({ ...request, timeoutMs }),
      {
        timeout: 2 * timeoutMs,
      },
    );
    return reply.json<{
      error?: { code: string; required: number; acked?: number; received?: number; effect: string };
    }>().error;
  };
  const put = { key: unknownKey, value: 'unknown', level: 'QUORUM' };
  const [written, read, byClient] = await Promise.all([
    ask('n2', 'put', put),
    ask('n3', 'get', { key: '7', level: 'QUORUM' }),
    direct.put(unknownKey, 'unknown', { level: Level.Quorum }).catch((error: unknown) => error),
  ]);
  assert.deepEqual(
    { code: written?.code, required: written?.required, acked: written?.acked, effect: written?.effect },
    { code: 'WRITE_TIMEOUT', required: 2, acked: 1, effect: 'unknown' },
  );
  assert.deepEqual(
    { code: read?.code, required: read?.required, received: read?.received },
    { code: 'READ_TIMEOUT', required: 2, received: 1 },
  );
  assert.ok(byClient instanceof Error && 'code' in byClient, String(byClient));
  assert.equal(byClient.code, 'WRITE_TIMEOUT');
}

/** No log and no hints stream of `readable` has any record of `key`. */
async function isNowhere(streams: Streams, key: string, readable: readonly string[]): Promise<void> {
  for (const node of readable) {
    const held = [...(await streams.log(node)), ...[...(await streams.hints(node)).values()].flat()];
    assert.deepEqual(
      held.filter(record => record.key === key),
      [],
      `what ${node} holds of ${key}`,
    );
  }
}

async function ownersHold(
  clients: Clients,
  streams: Streams,
  expected: ReadonlyMap<string, string>,
): Promise<void> {
  for (const owner of owners) {
    const { records } = await clients.api.records(owner, { keys: [...expected.keys()] });
    assert.deepEqual(new Map(records.map(({ key, value }) => [key, value])), expected, owner);
  }
  for (const node of nodes) assert.deepEqual(await streams.hints(node), new Map(), `hints of ${node}`);
}

/** A write of unknown outcome may have surfaced, but then for every owner. */
async function isAllOrNothing({ api }: Clients): Promise<void> {
  const held = await Promise.all(
    owners.map(async owner => (await api.records(owner, { keys: [unknownKey] })).records),
  );
  for (const records of held) assert.deepEqual(records, held[0]);
}
