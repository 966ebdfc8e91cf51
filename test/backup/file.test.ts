// A backup's file: whatever is changed in it is noticed, and said where.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { BackupError } from '../../src/backup/backup-error.js';
import { decodeLine, encodeLine } from '../../src/backup/line.js';
import { readBackup, verifyBackup } from '../../src/backup/read.js';
import { takeBackup } from '../../src/backup/take.js';
import type { Client } from '../../src/client/client.js';
import type { ScanReply } from '../../src/wire/generated/types.js';
import { tempDir } from '../support/emulator.js';

type Page = Pick<ScanReply, 'records'>;

const pages: Page[] = [
  {
    records: [
      { key: 'a', value: 'one\nwith "quotes"', version: '1795342443898001@w' },
      { key: 'b', base64: 'AAEC', version: '1795342443898002@w', expiresAt: 1795342999898000 },
    ],
  },
  { records: [] },
  { records: [{ key: '😀', deleted: true, version: '1795342443898003@w' }] },
];

/** What a backup asks of a client, answered with these pages. */
function clientOf(found: readonly Page[], failure?: Error): Client {
  const settings = { partitioner: 'murmur3', replicationFactor: 3 };
  return {
    buckets: { info: async (name: string) => ({ name, life: 0, change: 2, ...settings }) },
    cluster: async () => ({ cluster: { name: 'shop' }, now: 1_795_342_500_000 }),
    async *scanPages() {
      yield* found;
      if (failure !== undefined) throw failure;
    },
  } as unknown as Client;
}

async function backupIn(dir: string, found: readonly Page[] = pages): Promise<string> {
  const file = path.join(dir, 'a.backup');
  await takeBackup(clientOf(found), { file, bucket: 'orders' });
  return file;
}

async function faultOf(file: string): Promise<string> {
  try {
    await verifyBackup(file);
  } catch (error) {
    assert.ok(error instanceof BackupError, String(error));
    return error.message;
  }
  return 'none';
}

test('what was written is read back', async t => {
  const file = await backupIn(await tempDir(t));
  const parts = [];
  for await (const part of readBackup(file)) parts.push(...part.records);
  assert.deepEqual(
    parts,
    pages.flatMap(({ records }) => records),
  );
  const { header, end } = await verifyBackup(file);
  assert.deepEqual(
    [header.bucket, header.cluster, header.settings.partitioner],
    ['orders', 'shop', 'murmur3'],
  );
  assert.deepEqual([end.blocks, end.records, end.tombstones], [2, 3, 1]);
});

test('an empty bucket is backed up too', async t => {
  const { end } = await verifyBackup(await backupIn(await tempDir(t), []));
  assert.equal(end.records, 0);
});

test('any flipped bit of a line is noticed', () => {
  const line = encodeLine({ block: 1, records: pages[0]?.records }).subarray(0, -1);
  assert.ok('json' in decodeLine(line));
  for (let bit = 0; bit < line.length * 8; bit++) {
    const damaged = Buffer.from(line);
    damaged[bit >> 3] = (line[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.ok('fault' in decodeLine(damaged), `bit ${bit}`);
  }
});

test('a flipped bit is noticed, wherever it stands in the file', async t => {
  const file = await backupIn(await tempDir(t));
  const whole = await readFile(file);
  for (let at = 0; at < whole.length; at += 7) {
    const damaged = Buffer.from(whole);
    damaged[at] = (whole[at] ?? 0) ^ (1 << ((at / 7) % 8));
    await writeFile(file, damaged);
    assert.notEqual(await faultOf(file), 'none', `byte ${at}`);
  }
});

test('a file that is cut off is noticed, wherever it ends', async t => {
  const file = await backupIn(await tempDir(t));
  const whole = await readFile(file);
  for (let length = 0; length < whole.length; length += 9) {
    await writeFile(file, whole.subarray(0, length));
    assert.match(await faultOf(file), length === 0 ? /is empty/ : /was cut off/, `${length} bytes`);
  }
});

test('a line that is missing, twice there or out of place is named', async t => {
  const file = await backupIn(await tempDir(t));
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  const [header = '', first = '', second = '', end = ''] = lines;
  const withLines = async (...some: string[]) => {
    await writeFile(file, some.map(line => `${line}\n`).join(''));
    return faultOf(file);
  };
  assert.equal(await withLines(header, first, second, end), 'none');
  assert.match(await withLines(header, second, end), /line 2: block 2 stands where block 1 belongs/);
  assert.match(await withLines(header, first, first, second, end), /line 3: block 1 stands where block 2/);
  assert.match(await withLines(header, first, end), /line 3: the end of the backup does not fit/);
  assert.match(await withLines(header, first, second, end, end), /line 5: something follows the end/);
  assert.match(await withLines(header, first, second), /cut off: it ends after block 2/);
  assert.match(await withLines(first, second, end), /line 1 is not as a backup has it/);
});

test('another file, and one of a newer format, are refused with what to do', async t => {
  const file = path.join(await tempDir(t), 'x');
  await writeFile(file, 'key,value\n1,2\n');
  assert.match(await faultOf(file), /line 1: this is no backup; dynats import reads NDJSON and CSV/);
  await writeFile(file, encodeLine({ dynats: 'backup', format: 2, anything: true }));
  assert.match(await faultOf(file), /has format 2, and this dynats reads 1: use the version that wrote it/);
  await writeFile(file, encodeLine({ dynats: 'backup', format: 1, id: 'x' }));
  assert.match(await faultOf(file), /line 1 is not as a backup has it/);
  assert.match(await faultOf(`${file}-not-there`), /cannot be read \(ENOENT\): check the path/);
});

test('a backup that fails leaves no file, and the one before as it was', async t => {
  const file = await backupIn(await tempDir(t));
  const before = await readFile(file);
  const failure = new Error('an owner is gone');
  await assert.rejects(takeBackup(clientOf(pages, failure), { file, bucket: 'orders' }), failure);
  assert.deepEqual(await readFile(file), before);
  await assert.rejects(readFile(`${file}.partial`), { code: 'ENOENT' });
});
