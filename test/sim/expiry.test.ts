// Records that expire, among clocks that disagree.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { checkScan } from '../../src/wire/scan.js';
import { SimCluster } from './cluster.js';

const TIMEOUT_MS = 2000;
const KEY = '137';

async function started(seed: number, skewMs: Record<string, number> = {}) {
  const cluster = new SimCluster({ seed });
  for (const [node, skew] of Object.entries(skewMs)) cluster.skewMs.set(node, skew);
  await cluster.start();
  await cluster.clock.advance(1000);
  const by = (node: string): Coordinator => {
    const core = cluster.core(node);
    assert.ok(core !== undefined);
    return core.coordinator;
  };
  const put = (node: string, value: string, ttlMs?: number) =>
    cluster.clock.until(
      by(node).write(
        {
          kind: 'write',
          bucket: 'default',
          key: KEY,
          value,
          level: 'QUORUM',
          ...(ttlMs === undefined ? {} : { ttlMs }),
        },
        TIMEOUT_MS,
      ),
    );
  const get = async (node: string) =>
    (
      await cluster.clock.until(
        by(node).read({ kind: 'read', bucket: 'default', key: KEY, level: 'QUORUM' }, TIMEOUT_MS),
      )
    ).value;
  const touch = (node: string, ttlMs: number) =>
    cluster.clock.until(by(node).touch({ bucket: 'default', key: KEY, level: 'QUORUM', ttlMs }, TIMEOUT_MS));
  return { cluster, by, put, get, touch };
}

test('a record expires everywhere, as a delete of its version', async () => {
  const { cluster, put, get } = await started(1);
  const { version } = await put('n0', 'v', 5000);
  for (const node of cluster.nodes) assert.equal(await get(node), 'v');
  await cluster.clock.advance(5000);
  for (const node of cluster.nodes) assert.equal(await get(node), undefined);
  await cluster.clock.advance(15_000);
  const held = ['n2', 'n3', 'n0'].map(node => cluster.core(node)?.replica.memtable.get('default', KEY));
  for (const record of held) {
    assert.equal(record?.deleted, true);
    assert.equal(`${record?.time}@${record?.writer}`, version);
  }
});

test('once a quorum read has found a key expired, no other clock finds it again', async () => {
  const { cluster, put, get } = await started(2, { n0: 2000, n1: -2000, n3: -1000 });
  await put('n2', 'v', 10_000);
  let isGone = false;
  for (let i = 0; i < 60; i++) {
    for (const node of ['n0', 'n1', 'n2', 'n3']) {
      const value = await get(node);
      assert.ok(!(isGone && value !== undefined), `${node} found it again`);
      isGone ||= value === undefined;
    }
    await cluster.clock.advance(200);
  }
  assert.ok(isGone);
});

test('once a quorum scan or read has shown a key expired, no other clock shows it again', async () => {
  const { cluster, by, put, get } = await started(7, { n0: 2000, n1: -2000, n3: -1000 });
  await put('n2', 'v', 10_000);
  const scan = async (node: string) =>
    (await cluster.clock.until(by(node).scan(checkScan({ keysOnly: true }), TIMEOUT_MS))).records.length > 0;
  let isGone = false;
  for (let i = 0; i < 60; i++) {
    for (const node of ['n0', 'n1', 'n2', 'n3']) {
      const isThere = i % 2 === 0 ? await scan(node) : (await get(node)) !== undefined;
      assert.ok(!(isGone && isThere), `${node} found it again`);
      isGone ||= !isThere;
    }
    await cluster.clock.advance(200);
  }
  assert.ok(isGone);
});

test('a session that has seen a record, then that it expired, then its delete purged, reads on', async () => {
  const { cluster, by, put } = await started(8);
  await put('n2', 'v', 5000);
  const read = async (session: string, level: 'ONE' | 'QUORUM') => {
    const request = { kind: 'read', bucket: 'default', key: KEY, level, session } as const;
    return cluster.clock.until(by('n1').read(request, TIMEOUT_MS));
  };
  const alive = await read('', 'ONE');
  assert.equal(alive.value, 'v');
  assert.ok(alive.session !== undefined);
  await cluster.clock.advance(5000);
  const expired = await read(alive.session, 'QUORUM');
  assert.ok(!expired.found && expired.session !== undefined);
  await cluster.clock.advance(660_000);
  // As compaction does when the delete is proven to be everywhere.
  for (const node of cluster.nodes) cluster.core(node)?.replica.memtable.leave('default', KEY);
  for (const { session = '' } of [expired, alive])
    assert.deepEqual((await read(session, 'ONE')).version, undefined);
});

test('a clock an hour ahead ends no life early, and one an hour behind finds nothing expired', async () => {
  const { cluster, put, get } = await started(3, { n0: 3_600_000, n1: -3_600_000 });
  await put('n2', 'v', 60_000);
  for (const node of cluster.nodes) assert.equal(await get(node), 'v', node);
  await cluster.clock.advance(60_000 + 6000);
  assert.equal(await get('n1'), undefined);
});

test('any later write begins a life of its own', async () => {
  const { cluster, put, get } = await started(4);
  await put('n0', 'short', 1000);
  await put('n0', 'long');
  await cluster.clock.advance(5000);
  assert.equal(await get('n1'), 'long');
});

test('touch lets a record live on, and never shortens its life', async () => {
  const { cluster, put, get, touch } = await started(5);
  const { version } = await put('n0', 'v', 5000);
  await cluster.clock.advance(3000);
  const touched = await touch('n1', 10_000);
  assert.deepEqual([touched.found, touched.version], [true, version]);
  assert.equal((await touch('n2', 10)).expiresAt, touched.expiresAt);
  await cluster.clock.advance(6000);
  assert.equal(await get('n3'), 'v');
  await cluster.clock.advance(5000);
  assert.equal(await get('n3'), undefined);
  assert.equal((await touch('n1', 10_000)).found, false);
});

test('a touch that comes late undoes no newer write', async () => {
  const { cluster, by, put, get } = await started(6);
  await put('n0', 'old', 60_000);
  // The touch has read the old value when its node stops; the newer one is written meanwhile.
  const touching = by('n1').touch({ bucket: 'default', key: KEY, level: 'QUORUM', ttlMs: 600_000 }, 60_000);
  await cluster.clock.advance(1);
  cluster.pause('n1');
  await put('n0', 'new');
  cluster.resume('n1');
  await cluster.clock.until(touching).catch(() => {});
  await cluster.clock.advance(3000);
  for (const node of cluster.nodes) assert.equal(await get(node), 'new', node);
});
