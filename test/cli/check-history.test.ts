// dynats check-history, as a process: verdict, exit codes, the line of a fault, and the page.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { Operation } from '../../src/check/history.js';
import { get, put } from '../check/histories.js';
import { dynats } from './run-dynats.js';

const lines = (operations: readonly Operation[]): string =>
  operations.map(operation => `${JSON.stringify(operation)}\n`).join('');
const stale = [put(1, 0, 1), put(2, 2, 3), get(1, 4, 5)];

test('a history that keeps every promise exits 0 and says so', async () => {
  const { code, stdout } = await dynats(['check-history', '-'], {
    stdin: lines([put(1, 0, 1), get(1, 2, 3)]),
  });
  assert.equal(code, 0);
  assert.match(stdout, /^2 operations on 1 key: 2 ok, 0 refused, 0 of unknown outcome\n/);
  assert.match(stdout, /every promise was kept\n$/);
});

test('a broken promise exits 1, with the operations that show it', async () => {
  const { code, stdout } = await dynats(['check-history', '-'], { stdin: lines(stale) });
  assert.equal(code, 1);
  assert.match(
    stdout,
    /broken 1 time: a read returns the last acknowledged write or a newer one\n {2}key k: the get of/,
  );
  const json = await dynats(['check-history', '-', '--json'], { stdin: lines(stale) });
  const { counts, violations } = JSON.parse(json.stdout) as {
    counts: Record<string, number>;
    violations: { operations: Operation[] }[];
  };
  assert.equal(counts['stale'], 1);
  assert.deepEqual(violations[0]?.operations, stale);
});

test('a bad line is named by its number, and nothing is judged', async () => {
  const { code, stdout, stderr } = await dynats(['check-history', '-'], {
    stdin: `${lines(stale)}\n{"kind":"put"}\n`,
  });
  assert.deepEqual([code, stdout], [3, '']);
  assert.match(stderr, /^dynats: line 5 of -: key: missing/);
});

test('a history that contradicts itself is not judged', async () => {
  const { code, stderr } = await dynats(['check-history', '-'], {
    stdin: lines([put(1, 0, 1), put(1, 2, 3)]),
  });
  assert.equal(code, 3);
  assert.match(stderr, /^dynats: stdin cannot be judged: key k: two puts have the value "v1"/);
});

test('the page needs nothing else, and shows keys and values as text', async t => {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dynats-'));
  t.after(() => rm(dir, { recursive: true }));
  const page = path.join(dir, 'verdict.html');
  const key = '<script>alert(1)</script>';
  const history = lines(stale.map(operation => ({ ...operation, key, client: `"><b>${operation.client}` })));
  const { code } = await dynats(['check-history', '-', '--html', page], { stdin: history });
  assert.equal(code, 1);
  const html = await readFile(page, 'utf8');
  assert.match(html, /<svg /);
  assert.equal(html.match(/<rect /g)?.length, 3);
  assert.doesNotMatch(html, /<script|<b>|https?:|src=|@import/);
});
