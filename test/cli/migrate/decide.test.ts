import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Change, changeOf } from '../../../src/cli/migrate/change.js';
import { decide, type Held, writerOf } from '../../../src/cli/migrate/decide.js';
import { compareVersions } from '../../../src/model/record.js';

const ID = 'a1b2c3d4e5';
const NOW_MS = 1_795_342_442_987;
const NOW = NOW_MS * 1000;
const HOUR = 3_600_000_000;
const BEHIND = 8 * 60_000_000;

const change = (revision: number, createdAt = NOW - 1000, more: Partial<Change> = {}): Change => ({
  key: 'k',
  revision,
  createdAt,
  value: Buffer.from(`${revision}`),
  expiresAtMs: undefined,
  ...more,
});
const copy = (revision: number, time: number, isFound = true): Held => ({
  version: { time, writer: writerOf(ID, revision), ...(isFound ? {} : { deleted: true }) },
  isFound,
});
const direct = (time: number): Held => ({ version: { time, writer: 'client~abcdefgh' }, isFound: true });
const of = (each: Change, held?: Held) => decide(each, held, ID, NOW_MS);

test('a change is written under the time at which KV stored it', () => {
  assert.deepEqual(of(change(7)), {
    kind: 'put',
    version: { time: NOW - 1000, writer: `kv~${ID}~7` },
    ttlMs: undefined,
  });
  assert.equal(of(change(7, NOW - 1000, { value: undefined })).kind, 'delete');
});

test('what is older than nodes take is written as of eight minutes ago', () => {
  const decision = of(change(7, NOW - HOUR));
  assert.equal(decision.kind === 'put' && decision.version.time, NOW - BEHIND);
});

test('what a server ahead of the nodes has stamped is written as of now', () => {
  const decision = of(change(7, NOW + HOUR));
  assert.equal(decision.kind === 'put' && decision.version.time, NOW);
});

test('the same revision and a later one that are there are left alone', () => {
  for (const revision of [7, 8]) assert.equal(of(change(7), copy(revision, NOW - HOUR)).kind, 'there');
});

test('what was written directly stays when it is later, however old the change, and else not', () => {
  assert.equal(of(change(7, NOW - 5), direct(NOW - 4)).kind, 'direct');
  assert.equal(of(change(7, NOW - 2 * HOUR), direct(NOW - HOUR)).kind, 'direct');
  assert.equal(of(change(7, NOW - 5), direct(NOW - 6)).kind, 'put');
});

test('an earlier copy of a bucket that was made anew counts as written directly', () => {
  const held = { version: { time: NOW - 10, writer: writerOf('another1', 900) }, isFound: true };
  assert.equal(of(change(1, NOW - 5), held).kind, 'put');
});

test('of any two revisions the later wins, whatever the clocks said and in whatever order they come', () => {
  const when = fc.integer({ min: NOW - 2 * HOUR, max: NOW + HOUR });
  fc.assert(
    fc.property(when, when, fc.integer({ min: 0, max: 3600 }), (first, second, laterS) => {
      const early = of(change(1, first));
      assert.ok(early.kind === 'put');
      const held = copy(1, early.version.time);
      const late = decide(change(2, second), held, ID, NOW_MS + laterS * 1000);
      assert.ok(late.kind === 'put' && compareVersions(late.version, early.version) > 0);
      assert.equal(of(change(1, first), copy(2, late.version.time)).kind, 'there');
    }),
  );
});

test('what has expired is not stored, and takes an earlier copy away', () => {
  const over = { expiresAtMs: NOW_MS - 1 };
  assert.equal(of(change(7, NOW - HOUR, over)).kind, 'expired');
  assert.equal(of(change(7, NOW - HOUR, over), copy(6, NOW - HOUR)).kind, 'delete');
  assert.equal(of(change(7, NOW - HOUR, over), copy(6, NOW - HOUR, false)).kind, 'expired');
});

test('a life ends when it does in KV, whatever time the version has', () => {
  const expiresAtMs = NOW_MS + 60_000;
  for (const createdAt of [NOW - 5, NOW - HOUR]) {
    const decision = of(change(7, createdAt, { expiresAtMs }));
    assert.ok(decision.kind === 'put');
    // A life is a whole number of milliseconds, and no shorter than it was.
    const overMs = decision.version.time / 1000 + (decision.ttlMs ?? 0) - expiresAtMs;
    assert.ok(overMs >= 0 && overMs < 1, `${overMs} ms longer`);
  }
});

const message = (headers: Record<string, string>) => ({
  subject: '$KV.people.users.ann',
  seq: 9,
  data: Buffer.from('Ann'),
  timestampNanos: BigInt(NOW) * 1000n + 999n,
  headers: { get: (name: string) => headers[name] ?? '' },
});

test('an entry is read as KV means it', () => {
  const read = (headers: Record<string, string>, maxAgeMs = 0) =>
    changeOf(message(headers) as unknown as Parameters<typeof changeOf>[0], '$KV.people.', maxAgeMs);
  const { value, ...plain } = read({});
  assert.deepEqual(plain, { key: 'users.ann', revision: 9, createdAt: NOW, expiresAtMs: undefined });
  assert.equal(Buffer.from(value ?? []).toString(), 'Ann');
  for (const gone of [
    { 'KV-Operation': 'DEL' },
    { 'KV-Operation': 'PURGE' },
    { 'Nats-Marker-Reason': 'MaxAge' },
  ])
    assert.equal(read(gone, 1000).value, undefined);
  assert.equal(read({}, 5000).expiresAtMs, NOW_MS + 5000);
  assert.equal(read({ 'Nats-TTL': '2s' }, 5000).expiresAtMs, NOW_MS + 2000);
  assert.equal(read({ 'Nats-TTL': '60' }, 5000).expiresAtMs, NOW_MS + 5000);
  assert.equal(read({ 'Nats-TTL': '1m30s' }).expiresAtMs, NOW_MS + 90_000);
  assert.equal(read({ 'Nats-TTL': 'never' }, 5000).expiresAtMs, undefined);
});
