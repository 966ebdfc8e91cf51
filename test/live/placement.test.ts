// Each record is on exactly its three owners, wherever it was coordinated and at whatever level: in their logs, in their
// memory, and nowhere else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, Level, type PutReply, type WireRecord } from '../../src/index.js';
import { type Coordinator, coordinatorsOf, openClients } from '../support/coordinators.js';
import { startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { openStreams, type Streams } from '../support/streams.js';

const nodes = ['n0', 'n1', 'n2', 'n3'] as const;
const keys = Array.from({ length: 256 }, (_, key) => key);
/** As the issue of the store's placement states them, not as the product computes them. */
const ranges = [
  { from: 0, to: 63, owners: ['n0', 'n1', 'n2'] },
  { from: 64, to: 127, owners: ['n1', 'n2', 'n3'] },
  { from: 128, to: 191, owners: ['n2', 'n3', 'n0'] },
  { from: 192, to: 255, owners: ['n3', 'n0', 'n1'] },
];
const levels = [Level.All, Level.Quorum, Level.One, Level.Any, Level.Two, Level.Three];
/** Every owner has a record soon after its level is reached. */
const settleMs = 5000;

function isOwner(node: string, key: number): boolean {
  return ranges.some(({ from, to, owners }) => key >= from && key <= to && owners.includes(node));
}

test('each record is on exactly its three owners', async t => {
  const emulator = await startEmulator(t);
  await using clients = await openClients(emulator, 'n0');
  await using streams = await openStreams(emulator, 'n0');
  const coordinators = coordinatorsOf(clients, nodes);
  /** What the newest acknowledged write of each key says, as the replicas should hold it. */
  const newest = new Map<number, string>();
  /** Versions of every write, by key. */
  const versions = new Map<number, string[]>(keys.map(key => [key, []]));

  const writeAll = (
    round: number,
    write: (key: number, by: Coordinator, level: Level) => Promise<PutReply>,
  ) =>
    Promise.all(
      keys.map(async key => {
        const by = coordinators[(key + round) % coordinators.length];
        const level = levels[(key + 2 * round) % levels.length];
        assert.ok(by !== undefined && level !== undefined);
        const reply = await write(key, by, level);
        assert.ok(reply.acked >= reply.required, `${key} through ${by.name} at ${level}`);
        versions.get(key)?.push(reply.version);
        return reply;
      }),
    );

  await t.test(
    'of all 256 keys, and of their updates, through every coordinator and at every level',
    async () => {
      for (const round of coordinators.keys()) {
        await writeAll(round, async (key, { client, via }, level) => {
          newest.set(key, `${key} of round ${round}`);
          return client.put(key, `${key} of round ${round}`, { ...via, level });
        });
      }
      await everywhereAsOwned(clients.api, streams, newest, versions);
    },
  );

  await t.test('and reads back through every coordinator', async () => {
    for (const { client, via, name } of coordinators)
      for (const level of [Level.One, Level.Quorum, Level.All]) {
        const found = await Promise.all(keys.map(key => client.get(key, { ...via, level })));
        assert.deepEqual(
          found.map(entry => entry?.string()),
          keys.map(key => newest.get(key)),
          `through ${name} at ${level}`,
        );
      }
  });

  await t.test('tombstones too, of keys deleted through every coordinator', async () => {
    await writeAll(1, (key, { client, via }, level) => {
      newest.set(key, '(deleted)');
      return client.delete(key, { ...via, level });
    });
    await everywhereAsOwned(clients.api, streams, newest, versions);
    for (const { client, via, name } of coordinators) {
      const found = await Promise.all(keys.map(key => client.get(key, via)));
      assert.deepEqual(
        found.filter(entry => entry !== undefined),
        [],
        `through ${name}`,
      );
    }
  });
});

/** Waits until each replica's memory holds the newest of what it owns and its log every version of it; and nothing else. */
async function everywhereAsOwned(
  client: Client,
  streams: Streams,
  newest: ReadonlyMap<number, string>,
  versions: ReadonlyMap<number, readonly string[]>,
): Promise<void> {
  for (const node of nodes) {
    const owned = keys.filter(key => isOwner(node, key));
    assert.equal(owned.length, 192);
    await eventually(
      async () => {
        const { records, more } = await client.records(node);
        assert.equal(more, false);
        assert.deepEqual(
          new Map(records.map(record => [Number(record.key), contentOf(record)])),
          new Map(owned.map(key => [key, newest.get(key) ?? ''] as const)),
        );
        const logged = new Set(
          (await streams.log(node)).map(record => `${record.key}: ${versionOf(record)}`),
        );
        const expected = owned.flatMap(key => (versions.get(key) ?? []).map(version => `${key}: ${version}`));
        assert.deepEqual([...logged].sort(), expected.sort());
        assert.deepEqual(await streams.hints(node), new Map());
      },
      { deadlineMs: settleMs, what: `${node} holds what it owns and nothing else` },
    );
  }
}

function contentOf({ value, deleted }: WireRecord): string {
  return deleted === true ? '(deleted)' : (value ?? '');
}

function versionOf({ time, writer }: WireRecord): string {
  return `${time}@${writer}`;
}
