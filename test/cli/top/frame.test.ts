// One frame of `dynats top`, from two looks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colorsFor } from '../../../src/cli/output.js';
import type { Survey } from '../../../src/cli/survey.js';
import { frameOf } from '../../../src/cli/top/frame.js';
import { painted } from '../../../src/cli/top/screen.js';
import type { RequestsReply, StatusReply } from '../../../src/wire/generated/types.js';

const at = 1_795_342_443_898;

function survey(afterMs: number, entries: Record<string, number>, writes = 0): Survey {
  const statusOf = (node: string, lastSequence: number) =>
    ({
      node,
      state: 'serving',
      reason: null,
      incarnation: at - 60_000,
      log: { lastSequence, applied: lastSequence - 3, bytes: 2048 },
      keys: 5,
      hints: { held: node === 'n0' ? { n1: 4 } : {}, delivered: 0 },
      antiEntropy: { totals: { fetched: 0, sent: 0 }, rounds: 0, running: null },
      clock: { correctionMs: 0 },
    }) as unknown as StatusReply;
  const requestsOf = (node: string) =>
    ({
      node,
      incarnation: at - 60_000,
      counts: [{ kind: 'write', level: 'QUORUM', answered: writes, failed: 0, latency: [0, writes] }],
      repairs: { acked: 0, failed: 0 },
    }) as unknown as RequestsReply;
  return {
    at: at + afterMs,
    cluster: { name: 'shop', nodes: ['n0', 'n1'], replicationFactor: 2, partitioner: 'murmur3' },
    statuses: new Map(Object.entries(entries).map(([node, last]) => [node, statusOf(node, last)])),
    requests: new Map(Object.keys(entries).map(node => [node, requestsOf(node)])),
    hints: new Map(),
    forbidden: new Set(),
  };
}

const cellsOf = (text: string) => text.trim().split(/ {2,}/);

test('rates are what grew between the looks, by the time between them', () => {
  const lines = frameOf(survey(0, { n0: 10, n1: 10 }), survey(2000, { n0: 30, n1: 12 }, 100));
  const head = lines.findIndex(({ tone }) => tone === 'head');
  const names = cellsOf(lines[head]?.text ?? '');
  const row = cellsOf(lines[head + 1]?.text ?? '');
  const cell = (name: string) => row[names.indexOf(name)];
  assert.deepEqual(
    ['STATE', 'NODE', 'WRITES/s', 'ENTRIES/s', 'LOG', 'LAG', 'BYTES', 'HELD', 'OWED'].map(cell),
    ['UN', 'n0', '50', '10', '30', '3', '2KiB', '4', '0'],
  );
  assert.match(lines[1]?.text ?? '', /^writes 100\/s · reads 0\/s .* log entries 11\/s$/);
});

test('a node that is down stands out, and what is owed to it is still counted', () => {
  const lines = frameOf(survey(0, { n0: 10, n1: 10 }), survey(1000, { n0: 10 }));
  const down = lines.find(({ text }) => text.startsWith('DN'));
  assert.equal(down?.tone, 'bad');
  assert.match(down?.text ?? '', /^DN +n1 .* 4 +-$/);
  assert.match(lines[0]?.text ?? '', /^shop: 1 of 2 nodes up/);
});

test('a node that has just come has no rates, and no look at all is said plainly', () => {
  const [before, now] = [survey(0, { n0: 10 }), survey(1000, { n0: 10, n1: 500 })];
  const fresh = frameOf(before, now).find(({ text }) => text.includes(' n1 '));
  assert.match(fresh?.text ?? '', /^UN +n1 +\S+ +- +- +- /);
  const nothing = survey(0, {});
  const lines = frameOf(nothing, nothing, 'no node answers');
  assert.deepEqual(lines[1], { text: 'no node answers', tone: 'bad' });
});

test('what a node says of itself does nothing to the terminal', () => {
  const now = survey(1000, { n0: 5 });
  const status = now.statuses.get('n0');
  assert.ok(status);
  const statuses = new Map([
    ['n0', { ...status, state: 'recovering' as const, reason: '\u001b]0;title\u0007\r\n' }],
  ]);
  const lines = frameOf(survey(0, { n0: 5 }), { ...now, statuses });
  const shown = lines.map(line => painted(line, 200, colorsFor({ isTTY: false })));
  assert.ok(shown.includes('n0: \\x1b]0;title\\x07\\r\\n'), shown.join('\n'));
});
