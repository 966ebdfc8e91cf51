import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NodeReport } from '../../src/emulator/report.js';
import { noteOf, repairedOf, statusView } from '../../src/emulator/status-view.js';
import type { StatusReply } from '../../src/wire/generated/types.js';

function reply(node: string, change: Partial<StatusReply> = {}): StatusReply {
  return {
    node,
    incarnation: 1,
    version: '0.1.0',
    pid: 7,
    state: 'serving',
    reason: null,
    broker: { name: `log-${node}`, version: '2.15.1', url: 'nats://127.0.0.1:4226' },
    log: {
      stream: `LOG_${node}`,
      id: 'a',
      firstSequence: 1,
      lastSequence: 9,
      entries: 9,
      bytes: 900,
      applied: 9,
      invalidEntries: 0,
      compactions: 0,
    },
    keys: 5,
    tombstones: 1,
    hints: { held: {}, stored: 0, failed: 0, delivered: 0, expired: 0, dropped: 0 },
    antiEntropy: {
      enabled: true,
      rounds: 2,
      totals: { compared: 18, different: 1, fetched: 3, sent: 4 },
      running: null,
      lastCompletedAt: 1,
    },
    peers: {},
    clock: { correctionMs: 0, aheadMs: {} },
    refused: {},
    ...change,
  };
}

const running = (pid: number) => ({ pid, state: 'running' as const });
const processes: NodeReport = {
  bus: running(1),
  log: running(2),
  replica: running(3),
  logUrl: 'nats://127.0.0.1:4226',
};

describe('the status of a node', () => {
  for (const [state, change, expected] of [
    ['serving', { state: 'serving' }, 'UN'],
    ['catching up', { state: 'catching-up', caughtUp: { applied: 1, total: 2 } }, 'UJ'],
    ['recovering', { state: 'recovering', reason: 'the log is missing' }, 'UR'],
  ] as const)
    test(`is ${expected} when it is ${state}`, () => {
      const [row] = statusView([{ node: 'n0', status: reply('n0', change) }]);
      assert.equal(row?.state, expected);
      assert.equal(row?.reason, 'reason' in change ? change.reason : null);
    });

  test('is DN when it does not answer, and DP when it is paused', () => {
    const paused = { ...processes, replica: { pid: 3, state: 'paused' as const } };
    const rows = statusView([
      { node: 'n0', status: undefined },
      { node: 'n1', status: undefined, processes: paused },
    ]);
    assert.deepEqual(
      rows.map(({ state }) => state),
      ['DN', 'DP'],
    );
    assert.deepEqual(rows[0]?.pids, { bus: null, log: null, replica: null });
    assert.deepEqual(rows[1]?.pids, { bus: 1, log: 2, replica: 3 });
  });

  test('says which process died and why', () => {
    const dead = { ...processes, log: { pid: null, state: 'died' as const, why: 'exit code 1: disk full' } };
    const [row] = statusView([{ node: 'n0', status: undefined, processes: dead }]);
    assert.equal(row?.reason, 'log died: exit code 1: disk full');
  });

  test('says how far a recovering one has come, and what was repaired', () => {
    const { antiEntropy } = reply('n0');
    const change = { antiEntropy: { ...antiEntropy, running: { done: 2, total: 9 } } };
    const [recovering, serving, silent] = statusView([
      { node: 'n0', status: reply('n0', { state: 'recovering', reason: 'the log is missing', ...change }) },
      { node: 'n1', status: reply('n1', change) },
      { node: 'n2', status: undefined },
    ]);
    assert.ok(recovering && serving && silent);
    assert.equal(noteOf(recovering), 'the log is missing (2 of 9 comparisons done)');
    assert.deepEqual([noteOf(serving), repairedOf(serving), repairedOf(silent)], ['', '3/4', '-']);
  });

  test('counts the hints it holds, and those that all others hold for it', () => {
    const held = (counts: Record<string, number>) => ({
      hints: { held: counts, stored: 0, failed: 0, delivered: 0, expired: 0, dropped: 0 },
    });
    const rows = statusView([
      { node: 'n0', status: reply('n0', held({ n1: 2, n2: 3 })) },
      { node: 'n1', status: undefined },
      { node: 'n2', status: reply('n2', held({ n1: 4 })) },
    ]);
    assert.deepEqual(
      rows.map(({ hintsHeld }) => hintsHeld),
      [5, null, 4],
    );
    assert.deepEqual(
      rows.map(({ hintsPending }) => hintsPending),
      [0, 6, 3],
    );
  });
});
