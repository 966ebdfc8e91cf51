import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownStatuses } from '../../../src/cli/dashboard/node-view.js';
import type { NodeReport } from '../../../src/emulator/report.js';
import type { StatusReply } from '../../../src/wire/generated/types.js';

const status = (keys: number) => ({ keys }) as StatusReply;
const answers = (...keys: [string, number][]) => new Map(keys.map(([node, count]) => [node, status(count)]));
const processes = (replica: 'running' | 'paused') =>
  ({ bus: { state: 'running' }, log: { state: 'running' }, replica: { state: replica } }) as NodeReport;

const shown = (late: string[], before: ReturnType<typeof answers> | undefined, n1?: NodeReport) =>
  [
    ...shownStatuses(
      { statuses: answers(['n0', 2]), late: new Set(late) },
      before === undefined ? undefined : { statuses: before },
      n1 === undefined ? undefined : { nodes: { n1 } },
    ),
  ].map(([node, { keys }]) => [node, keys]);

test('a node that was late once is shown as it was, and no longer than that', () => {
  const before = answers(['n0', 1], ['n1', 1]);
  assert.deepEqual(shown(['n1'], before), [
    ['n0', 2],
    ['n1', 1],
  ]);
  assert.deepEqual(shown(['n1'], answers(['n0', 1])), [['n0', 2]], 'late twice in a row');
  assert.deepEqual(shown(['n1'], undefined), [['n0', 2]], 'never seen');
  assert.deepEqual(shown([], before), [['n0', 2]], 'nobody listens: it is down');
});

test('a node that hangs is shown so at once where the emulator knows', () => {
  const before = answers(['n0', 1], ['n1', 1]);
  assert.deepEqual(shown(['n1'], before, processes('paused')), [['n0', 2]]);
  assert.equal(shown(['n1'], before, processes('running')).length, 2);
});
