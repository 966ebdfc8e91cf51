import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { after, test } from 'node:test';
import { CliError, ExitCode } from '../../../src/cli/exit.js';
import { type ImportOptions, openInput, runImport } from '../../../src/cli/transfer/run-import.js';
import { ClosedError, type DynatsError, InvalidRequestError, UnavailableError } from '../../../src/errors.js';
import { FakeStore } from './fake-store.js';

const dir = mkdtempSync(path.join(os.tmpdir(), 'dynats-import-'));
after(() => rmSync(dir, { recursive: true }));

function fileOf(name: string, lines: readonly string[]): string {
  const file = path.join(dir, name);
  writeFileSync(file, lines.map(line => `${line}\n`).join(''));
  return file;
}

const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => JSON.stringify({ key: `k${from + i}`, value: `v${from + i}` }));

const defaults: Omit<ImportOptions, 'file'> = {
  format: 'ndjson',
  level: 'QUORUM',
  bucket: 'default',
  concurrency: 1024,
  keyField: undefined,
  valueField: undefined,
  resume: false,
  failedFile: undefined,
  shownMax: 0,
  json: false,
  signal: new AbortController().signal,
};

const run = (store: FakeStore, file: string, more: Partial<ImportOptions> = {}) =>
  runImport(store, openInput(file), { ...defaults, concurrency: 4, file, ...more });

const exits = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exitCode === code && message.test(error.message);

test('a file is imported whole, and no checkpoint is left', async () => {
  const file = fileOf('whole.ndjson', entries(0, 50));
  const store = new FakeStore();
  await run(store, file);
  assert.equal(store.values.size, 50);
  assert.equal(store.values.get('k49'), 'v49');
  assert.equal(existsSync(`${file}.progress`), false);
});

test('a failed import goes on where it broke, and repeats nothing before that', async () => {
  const file = fileOf('broken.ndjson', entries(0, 100));
  const down = (key: string): DynatsError | undefined =>
    Number(key.slice(1)) >= 60 ? new UnavailableError(2, 1) : undefined;
  await assert.rejects(
    run(new FakeStore(down), file),
    exits(ExitCode.LevelNotReached, /40 entries failed: 60 leading/),
  );
  const store = new FakeStore();
  await run(store, file, { resume: true });
  assert.deepEqual(
    [...store.values.keys()].sort(),
    entries(60, 100).map(line => JSON.parse(line).key),
  );
  assert.equal(existsSync(`${file}.progress`), false);
});

test('what cannot be imported is named, kept in a file, and does not stop the rest', async () => {
  const file = fileOf('mixed.ndjson', [...entries(0, 2), 'nonsense', '{"value":"x"}', ...entries(2, 4)]);
  const failedFile = path.join(dir, 'failed.ndjson');
  const store = new FakeStore(key => (key === 'k1' ? new InvalidRequestError('key', 'no') : undefined));
  await assert.rejects(
    run(store, file, { failedFile }),
    exits(ExitCode.LevelNotReached, /3 entries failed: correct them/),
  );
  assert.deepEqual([...store.values.keys()].sort(), ['k0', 'k2', 'k3']);
  const failed = readFileSync(failedFile, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  assert.deepEqual(failed.map(each => each.line).sort(), [2, 3, 4]);
  assert.deepEqual(
    failed.find(each => each.line === 2),
    { key: 'k1', value: 'v1', line: 2, error: { code: 'INVALID_REQUEST', message: 'no' } },
  );
});

test("what expires is stored with the rest of its life by the nodes' clock, and left out when that is over", async () => {
  const store = new FakeStore();
  // This machine's clock is an hour ahead of the nodes'.
  store.now -= 3_600_000;
  const at = (ms: number) => new Date(store.now + ms).toISOString();
  const lines = [
    { key: 'mortal', value: 'v', expiresAt: at(60_000) },
    { key: 'over', value: 'v', expiresAt: at(-1) },
    { key: 'immortal', value: 'v' },
  ];
  const file = fileOf(
    'mortal.ndjson',
    lines.map(line => JSON.stringify(line)),
  );
  await run(store, file);
  assert.deepEqual([...store.values.keys()].sort(), ['immortal', 'mortal']);
  const ttlMs = store.ttls.get('mortal') ?? 0;
  assert.ok(ttlMs > 0 && ttlMs <= 60_000, String(ttlMs));
  assert.equal(store.ttls.get('immortal'), undefined);
  assert.equal(existsSync(`${file}.progress`), false, 'what is left out is done');
});

test('an entry that expires and fails keeps its end in the file of failures', async () => {
  const failedFile = path.join(dir, 'mortal-failed.ndjson');
  const expiresAt = new Date(Date.now() + 60_000).toISOString();
  const file = fileOf('mortal-first.ndjson', [JSON.stringify({ key: 'k', value: 'v', expiresAt })]);
  await assert.rejects(run(new FakeStore(() => new UnavailableError(2, 0)), file, { failedFile }));
  assert.equal(JSON.parse(readFileSync(failedFile, 'utf8')).expiresAt, expiresAt);
});

test('the failed entries of one import can be imported by the next', async () => {
  const failedFile = path.join(dir, 'again.ndjson');
  const file = fileOf('first.ndjson', entries(0, 10));
  await assert.rejects(run(new FakeStore(() => new UnavailableError(2, 0)), file, { failedFile }));
  const store = new FakeStore();
  await run(store, failedFile);
  assert.equal(store.values.size, 10);
});

test('an interrupted import settles what is in flight and keeps its checkpoint', async () => {
  const file = fileOf('interrupted.ndjson', entries(0, 20_000));
  const controller = new AbortController();
  const store = new FakeStore(key => {
    if (key === 'k500') controller.abort();
    return undefined;
  });
  await assert.rejects(
    run(store, file, { signal: controller.signal }),
    exits(ExitCode.Interrupted, /interrupted: \d+ leading/),
  );
  const { done } = JSON.parse(readFileSync(`${file}.progress`, 'utf8'));
  assert.equal(done, store.values.size);
  assert.ok(done >= 500 && done < 20_000, String(done));
  await run(store, file, { resume: true });
  assert.equal(store.values.size, 20_000);
});

test('a connection that closes while the pipe is open and silent ends the import', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const stream = new PassThrough();
  const store = new FakeStore(() => new ClosedError('gone'));
  const imported = runImport(store, { stream, bytes: 0 }, { ...defaults, file: '-' });
  const ended = assert.rejects(imported, exits(ExitCode.CannotConnect, /closed: repeat the import/));
  stream.write(`${entries(0, 1)[0]}\n`);
  // The entry is read when the stream gets to it.
  for (let turns = 0; turns < 100 && store.values.size === 0; turns++) {
    await new Promise(resolve => setImmediate(resolve));
    t.mock.timers.tick(1000);
  }
  await ended;
});
