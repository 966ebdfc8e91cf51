// The driver through unstorage itself, on a real emulator.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStorage } from 'unstorage';
import dynatsDriver from '../../src/adapters/unstorage.js';
import { startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

test('unstorage', async t => {
  const emulator = await startEmulator(t, { partitioner: 'murmur3' });
  const servers = [...emulator.urls];
  const driver = dynatsDriver({ servers, base: 'app' });
  const storage = createStorage({ driver });
  t.after(() => storage.dispose());
  const other = createStorage({ driver: dynatsDriver({ servers }) });
  t.after(() => other.dispose());

  await t.test('items are set, read, found, listed and removed', async () => {
    assert.equal(await storage.getItem('users:ann'), null);
    await storage.setItem('users:ann', { name: 'Ann' });
    await storage.setItem('users:bob', 'Bob');
    await storage.setItem('groups:all', 7);
    assert.deepEqual(await storage.getItem('users:ann'), { name: 'Ann' });
    assert.equal(await storage.getItem('groups:all'), 7);
    assert.deepEqual([await storage.hasItem('users:bob'), await storage.hasItem('users:cid')], [true, false]);
    assert.deepEqual((await storage.getKeys('users')).sort(), ['users:ann', 'users:bob']);
    assert.deepEqual((await storage.getKeys()).sort(), ['groups:all', 'users:ann', 'users:bob']);
    assert.deepEqual((await other.getKeys('app:users')).sort(), ['app:users:ann', 'app:users:bob']);
    const items = await storage.getItems(['users:bob', 'users:cid']);
    assert.deepEqual(
      items.map(({ value }) => value),
      ['Bob', null],
    );
    await storage.removeItem('users:bob');
    assert.equal(await storage.getItem('users:bob'), null);
  });

  await t.test('raw items are bytes', async () => {
    const bytes = Uint8Array.from([0, 255, 1]);
    await storage.setItemRaw('raw', bytes);
    assert.deepEqual(Uint8Array.from((await storage.getItemRaw<Uint8Array>('raw')) ?? []), bytes);
  });

  await t.test('an item has its time, its size and its life', async () => {
    await storage.setItem('brief', 'four', { ttl: 60 });
    const { mtime, size, ttl } = await storage.getMeta('brief');
    assert.ok(mtime instanceof Date && Math.abs(mtime.getTime() - Date.now()) < 60_000, String(mtime));
    assert.equal(size, 4);
    assert.ok(ttl !== undefined && ttl > 50 && ttl <= 60, String(ttl));
    await storage.setItem('brief', 'four', { ttl: 0.2 });
    await eventually(async () => (await storage.getItem('brief')) === null, {
      deadlineMs: 5000,
      what: 'it has expired',
    });
    await assert.rejects(async () => storage.setItem('brief', 'x', { ttl: -1 }), TypeError);
  });

  await t.test('a watch tells of updates and removals of the base, until it is ended', async () => {
    const seen: string[] = [];
    const unwatch = await storage.watch((event, key) => seen.push(`${event} ${key}`));
    await other.setItem('elsewhere', 1);
    await storage.setItem('watched', 1);
    await storage.removeItem('watched');
    await eventually(() => seen.length >= 2, { deadlineMs: 5000, what: 'both are told' });
    assert.deepEqual(seen, ['update watched', 'remove watched']);
    await unwatch();
  });

  await t.test('clearing a base leaves the rest', async () => {
    // Of unstorage itself `clear(base)` is for whole mounts below the base.
    await driver.clear?.('users', {});
    assert.deepEqual(await storage.getKeys('users'), []);
    assert.ok(await storage.hasItem('groups:all'));
    await storage.clear();
    assert.deepEqual(await storage.getKeys(), []);
    assert.equal(await other.getItem('elsewhere'), 1);
  });
});
