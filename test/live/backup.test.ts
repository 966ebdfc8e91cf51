// Backup and restore on real brokers: taken while clients write, restored into a new bucket and beside newer things.
import assert from 'node:assert/strict';
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { BackupError } from '../../src/backup/backup-error.js';
import { readBackup } from '../../src/backup/read.js';
import { restoreBackup } from '../../src/backup/restore.js';
import { takeBackup } from '../../src/backup/take.js';
import type { Client } from '../../src/client/client.js';
import { connect } from '../../src/client/connect.js';
import type { ScanPageOptions } from '../../src/client/scan.js';
import { dynats, startEmulator, tempDir } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

const deadlineMs = 15_000;

test('backup and restore', async t => {
  const emulator = await startEmulator(t);
  const servers = [...emulator.urls];
  const server = servers.join(',');
  await using client = await connect({ servers });
  const dir = await tempDir(t);
  const fileOf = (name: string) => path.join(dir, `${name}.backup`);
  const textOf = async (key: string, bucket: string) => (await client.get(key, { bucket }))?.string();
  const settings = { partitioner: 'murmur3', replicationFactor: 2, ttlMs: 3_600_000 } as const;
  await client.buckets.create('orders', settings);

  await t.test('each key stands in it as it was between start and end, with writes running', async () => {
    const counters = Array.from({ length: 1300 }, (_, i) => `counter ${i}`);
    const before = await client.putMany(
      counters.map(key => [key, '0']),
      { bucket: 'orders', timeoutMs: deadlineMs },
    );
    assert.ok(before.every(put => !(put instanceof Error)));
    const acked = new Map(counters.map(key => [key, 0]));
    let isOver = false;
    const writer = async (own: readonly string[]) => {
      for (let value = 1; !isOver; value++)
        for (const key of own) {
          if (isOver) return;
          await client.put(key, String(value), { bucket: 'orders' });
          acked.set(key, value);
        }
    };
    const writers = Array.from({ length: 8 }, (_, w) =>
      writer(counters.filter((_, i) => i % 8 === w).slice(0, 10)),
    );
    await eventually(() => assert.ok([...acked.values()].some(value => value > 2)), {
      deadlineMs,
      what: 'keys are written again',
    });
    const ackedBefore = new Map(acked);
    const end = await takeBackup(client, { file: fileOf('running'), bucket: 'orders' });
    const ackedAfter = new Map(acked);
    isOver = true;
    await Promise.all(writers);
    assert.equal(end.records, counters.length);
    assert.ok(
      [...ackedAfter].some(([key, value]) => value > (ackedBefore.get(key) ?? 0)),
      'nothing was written meanwhile',
    );
    for await (const { records } of readBackup(fileOf('running')))
      for (const { key, value } of records) {
        assert.ok(
          Number(value) >= (ackedBefore.get(key) ?? 0),
          `${key} is older than what was acknowledged before`,
        );
        assert.ok(
          Number(value) <= (ackedAfter.get(key) ?? 0) + 1,
          `${key} is newer than what was written by then`,
        );
      }
  });

  await t.test('a new bucket gets everything: settings, values, bytes, lives; and no deletes', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await client.buckets.create('small', settings);
    await client.put('text', 'a\n"text"', { bucket: 'small' });
    await client.put('bytes', bytes, { bucket: 'small' });
    await client.put('mortal', 'm', { bucket: 'small', ttlMs: 60_000 });
    await client.put('gone', 'g', { bucket: 'small' });
    await client.delete('gone', { bucket: 'small' });
    const { stderr, code } = await dynats('backup', 'small', fileOf('small'), '--server', server);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /backed up 3 keys and 1 delete of bucket small/);
    const verified = await dynats('backup', '--verify', fileOf('small'));
    assert.match(verified.stdout, /is whole: 3 keys and 1 delete in 1 block/);

    const restored = await dynats(
      'restore',
      fileOf('small'),
      '--bucket',
      'copy',
      '--server',
      server,
      '--json',
    );
    assert.equal(restored.code, 0, restored.stderr);
    assert.deepEqual(JSON.parse(restored.stdout).restore, 3);
    const { ttlMs, partitioner, replicationFactor } = await client.buckets.info('copy');
    assert.deepEqual({ ttlMs, partitioner, replicationFactor }, settings);
    assert.equal(await textOf('text', 'copy'), 'a\n"text"');
    assert.deepEqual((await client.get('bytes', { bucket: 'copy' }))?.value, Buffer.from(bytes));
    assert.equal((await client.read('gone', { bucket: 'copy' })).found, false);
    const lives = async (bucket: string) => {
      const found = new Map<string, number | undefined>();
      for await (const page of client.scanPages({ bucket }))
        for (const { key, expiresAt } of page.records) found.set(key, expiresAt);
      return found;
    };
    const [was, is] = [await lives('small'), await lives('copy')];
    for (const key of ['text', 'mortal'])
      assert.ok(Math.abs((was.get(key) ?? 0) - (is.get(key) ?? 0)) <= 1000, `${key} has another life`);
  });

  await t.test(
    'run again it leaves alone what it has restored; a bucket with other things is refused',
    async () => {
      const again = await restoreBackup(client, { file: fileOf('small'), bucket: 'copy' });
      assert.deepEqual([again.counts.restore, again.counts.already], [0, 3]);
      await client.put('other', 'x', { bucket: 'copy' });
      const refused = await dynats('restore', fileOf('small'), '--bucket', 'copy', '--server', server);
      assert.equal(refused.code, 3);
      assert.match(
        refused.stderr,
        /bucket copy is not empty \(it has "other"\): restore into a new bucket with --bucket NAME, or .* --merge/,
      );
      assert.equal(await textOf('other', 'copy'), 'x');
    },
  );

  await t.test('merged, it loses no newer write and brings back nothing that was deleted since', async () => {
    const bucket = 'merged';
    await client.buckets.create(bucket, { partitioner: 'murmur3' });
    for (const key of ['same', 'changed', 'deleted']) await client.put(key, 'old', { bucket });
    await client.put('was deleted', 'older', { bucket });
    await client.delete('was deleted', { bucket });
    await takeBackup(client, { file: fileOf(bucket), bucket });
    await client.put('changed', 'new', { bucket });
    await client.delete('deleted', { bucket });
    await client.put('was deleted', 'again', { bucket });
    await client.put('added', 'new', { bucket });
    const { counts, failed } = await restoreBackup(client, { file: fileOf(bucket), merge: true });
    assert.equal(failed, 0);
    assert.deepEqual([counts.already, counts.newer, counts.restore], [1, 3, 0]);
    assert.deepEqual(
      await Promise.all(
        ['same', 'changed', 'deleted', 'was deleted', 'added'].map(key => textOf(key, bucket)),
      ),
      ['old', 'new', undefined, 'again', 'new'],
    );
  });

  await t.test('a write made while it is restored wins, whichever comes first', async () => {
    const bucket = 'busy';
    const keys: string[] = [];
    for await (const { records } of readBackup(fileOf('running')))
      keys.push(...records.map(({ key }) => key));
    await client.buckets.create(bucket, { partitioner: 'murmur3' });
    const writing = client.putMany(
      keys.filter((_, i) => i % 3 === 0).map(key => [key, 'live']),
      { bucket, timeoutMs: deadlineMs },
    );
    const [, { counts, failed }] = await Promise.all([
      writing,
      restoreBackup(client, { file: fileOf('running'), bucket, merge: true }),
    ]);
    assert.equal(failed, 0);
    assert.ok(counts.restore >= 800);
    const found = new Map<string, string | undefined>();
    for await (const entry of client.scan({ bucket })) found.set(entry.key, entry.string());
    assert.equal(found.size, keys.length);
    assert.deepEqual(
      keys.filter((key, i) => i % 3 === 0 && found.get(key) !== 'live'),
      [],
    );
  });

  await t.test(
    'a write that was under way when its key was looked at wins, though it comes first',
    async () => {
      const bucket = 'late';
      await client.buckets.create(bucket, { partitioner: 'murmur3' });
      const key = 'counter 7';
      const issued = (Date.now() - 1000) * 1000;
      const late: Client = Object.create(client, {
        scanPages: {
          value: async function* (options: ScanPageOptions) {
            yield* client.scanPages(options);
            const put = {
              op: 'put',
              key: 'counter 7',
              value: 'live',
              bucket,
              version: `${issued}@slow`,
            } as const;
            const [outcome] = await client.batch([put]);
            assert.ok(!(outcome instanceof Error));
          },
        },
      });
      await restoreBackup(late, { file: fileOf('running'), bucket, merge: true });
      assert.equal(await textOf(key, bucket), 'live');
    },
  );

  await t.test('interrupted half-way and run again, it ends with everything', async () => {
    const bucket = 'interrupted';
    const file = fileOf('running');
    const interrupted = new AbortController();
    const onProgress = () => interrupted.abort();
    const first = await restoreBackup(client, { file, bucket, onProgress, signal: interrupted.signal });
    assert.ok(first.counts.restore > 0 && first.counts.restore < 1300, `${first.counts.restore} of 1300`);
    assert.equal((await client.buckets.info(bucket)).ttlMs, undefined);
    const second = await restoreBackup(client, { file, bucket });
    assert.equal(second.counts.already, first.counts.restore);
    assert.equal(second.counts.already + second.counts.restore, 1300);
    assert.equal((await client.buckets.info(bucket)).ttlMs, settings.ttlMs);
  });

  await t.test('of a damaged file nothing is restored', async () => {
    const whole = await readFile(fileOf('running'));
    const refused = async (why: RegExp) => {
      await assert.rejects(restoreBackup(client, { file: fileOf('bad'), bucket: 'never' }), error => {
        assert.ok(error instanceof BackupError);
        assert.match(error.message, why);
        return true;
      });
    };
    await writeFile(fileOf('bad'), whole);
    await truncate(fileOf('bad'), whole.length - 20);
    await refused(/was cut off: it ends after block \d+, without an end line/);
    const flipped = Buffer.from(whole);
    const at = Math.floor(whole.length / 2);
    flipped[at] = (whole[at] ?? 0) ^ 4;
    await writeFile(fileOf('bad'), flipped);
    await refused(/line \d+ is damaged: its checksum is/);
    await writeFile(fileOf('bad'), whole);
    await appendFile(fileOf('bad'), 'x\n');
    await refused(/something follows the end of the backup/);
    const buckets = (await client.buckets.list()).map(({ name }) => name);
    assert.ok(!buckets.includes('never'));
  });

  await t.test('what is asked for wrongly is refused with what to do', async () => {
    const nowhere = await dynats('backup', 'orderz', fileOf('x'), '--server', server);
    assert.equal(nowhere.code, 3);
    assert.match(nowhere.stderr, /orderz/);
    const noFile = await dynats('backup', 'orders', '--server', server);
    assert.match(noFile.stderr, /name the bucket and the file: dynats backup default/);
    const noDir = await dynats('backup', 'orders', `${dir}/not/there`, '--server', server);
    assert.match(noDir.stderr, /cannot be written \(ENOENT\): check the path/);
    assert.deepEqual([nowhere.code, noFile.code, noDir.code], [3, 3, 3]);
  });
});
