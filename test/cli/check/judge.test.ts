// What `dynats check` finds in what nodes said, and how it says it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pc from 'picocolors';
import { written } from '../../../src/cli/check/formats.js';
import { judge, overall, Verdict } from '../../../src/cli/check/judge.js';
import {
  type CheckName,
  checkKinds,
  checkNames,
  parseThreshold,
  type Threshold,
} from '../../../src/cli/check/thresholds.js';
import type { Survey } from '../../../src/cli/survey.js';
import type { HintsReply, StatusReply } from '../../../src/wire/generated/types.js';
import { parseMetrics, seriesOf } from '../../support/prometheus.js';

const at = 1_795_342_443_898;
const nodes = ['n0', 'n1', 'n2', 'n3'];

interface Said {
  state?: StatusReply['state'];
  reason?: string;
  lag?: number;
  held?: Record<string, number>;
  aheadMs?: Record<string, number>;
  bytes?: number;
  completedAgoMs?: number | null;
}

/** What a check reads of a status; the rest is not looked at. */
function status(node: string, said: Said): StatusReply {
  const { state = 'serving', reason = null, lag = 0, held = {} } = said;
  const { aheadMs = {}, bytes = 1000, completedAgoMs = 1000 } = said;
  return {
    node,
    state,
    reason,
    incarnation: at - 5000,
    log: { lastSequence: 10 + lag, applied: 10, bytes },
    hints: { held },
    antiEntropy: { enabled: true, lastCompletedAt: completedAgoMs === null ? null : at - completedAgoMs },
    clock: { correctionMs: 0, aheadMs },
  } as unknown as StatusReply;
}

function survey(said: Record<string, Said>, oldest: Record<string, number> = {}): Survey {
  const hints = Object.entries(said).map(([node, { held = {} }]): [string, HintsReply] => [
    node,
    {
      targets: Object.entries(held).map(([target, entries]) => ({
        target,
        entries,
        oldestMs: oldest[target] ?? null,
      })),
    } as unknown as HintsReply,
  ]);
  return {
    at,
    cluster: { name: 'shop', nodes, replicationFactor: 3, partitioner: 'byte-ordered' },
    statuses: new Map(Object.entries(said).map(([node, each]) => [node, status(node, each)])),
    requests: new Map(),
    hints: new Map(hints),
    forbidden: new Set(),
  };
}

function thresholds(own: Partial<Record<CheckName, string>> = {}): Record<CheckName, Threshold> {
  return Object.fromEntries(
    checkNames.map(name => [name, parseThreshold(checkKinds[name], own[name] ?? checkKinds[name].defaults)]),
  ) as Record<CheckName, Threshold>;
}

const well = { n0: {}, n1: {}, n2: {}, n3: {} };

function findingOf(check: CheckName, of: Survey, own: Partial<Record<CheckName, string>> = {}) {
  const found = judge(of, thresholds(own)).find(each => each.check === check);
  assert.ok(found !== undefined);
  return [found.verdict, found.value, found.where];
}

test('a cluster in which all is well is OK', () => {
  const findings = judge(survey(well), thresholds());
  assert.equal(overall(findings), Verdict.Ok);
  assert.deepEqual(
    findings.filter(({ verdict }) => verdict !== Verdict.Ok),
    [],
  );
});

test('one node down of four warns: three of four ranges lack an owner, none a quorum', () => {
  const one = survey({ n0: {}, n1: {}, n3: {} });
  assert.deepEqual(findingOf('down', one), [Verdict.Warning, 1, 'n2']);
  assert.deepEqual(findingOf('missingOwners', one), [Verdict.Warning, 75, 'bucket default']);
  assert.deepEqual(findingOf('withoutQuorum', one), [Verdict.Ok, 0, '']);
  assert.equal(overall(judge(one, thresholds())), Verdict.Warning);
});

test('two nodes down are critical: half of the ranges have no quorum', () => {
  const two = survey({ n0: {}, n1: {} });
  assert.deepEqual(findingOf('withoutQuorum', two), [Verdict.Critical, 50, 'bucket default']);
  assert.equal(overall(judge(two, thresholds())), Verdict.Critical);
});

test('a node whose log broker is of no use counts as one that does not serve, though it answers reads', () => {
  const stuck = judge(
    survey({ ...well, n1: { reason: 'its log broker is there but stores nothing' } }),
    thresholds(),
  );
  const found = stuck.find(({ check }) => check === 'notServing');
  assert.deepEqual([found?.value, found?.where], [1, 'n1']);
});

test('a node that recovers counts as an owner that does not serve', () => {
  const recovering = survey({ ...well, n1: { state: 'recovering' } });
  assert.deepEqual(findingOf('notServing', recovering), [Verdict.Warning, 1, 'n1']);
  assert.deepEqual(findingOf('missingOwners', recovering), [Verdict.Warning, 75, 'bucket default']);
});

test('a value at its threshold is well, one above it is not', () => {
  const at100 = survey({ ...well, n3: { lag: 100 } });
  assert.deepEqual(findingOf('lag', at100, { lag: '100,200' }), [Verdict.Ok, 100, 'n3']);
  assert.deepEqual(findingOf('lag', at100, { lag: '99,200' }), [Verdict.Warning, 100, 'n3']);
  assert.deepEqual(findingOf('lag', at100, { lag: '9,99' }), [Verdict.Critical, 100, 'n3']);
  assert.deepEqual(findingOf('lag', at100, { lag: ',99' }), [Verdict.Critical, 100, 'n3']);
  assert.deepEqual(findingOf('lag', at100, { lag: 'off' }), [Verdict.Ok, 100, 'n3']);
});

test('hints are summed up by whom they are for, and the oldest is named with its holder', () => {
  const owed = survey(
    { n0: { held: { n2: 60 } }, n1: { held: { n2: 50, n3: 80 } }, n3: {} },
    { n2: 700_000 },
  );
  assert.deepEqual(findingOf('hints', owed, { hints: '100,' }), [Verdict.Warning, 110, 'for n2']);
  assert.deepEqual(findingOf('hintAge', owed), [Verdict.Warning, 700_000, 'for n2 at n0']);
});

test('the age of hints that a node did not tell is unknown, unless nobody wants to know', () => {
  const owed = survey({ ...well, n1: { held: { n2: 1 } } });
  const silent = { ...owed, hints: new Map() };
  assert.deepEqual(findingOf('hintAge', silent), [Verdict.Unknown, undefined, '']);
  assert.deepEqual(findingOf('hintAge', silent, { hintAge: 'off' }), [Verdict.Ok, undefined, '']);
  assert.equal(overall(judge(silent, thresholds())), Verdict.Unknown);
});

test('clocks are compared in both directions, and anti-entropy counts from the start of a node', () => {
  const skewed = survey({ ...well, n1: { aheadMs: { n2: -600 } }, n2: { completedAgoMs: null } });
  assert.deepEqual(findingOf('clock', skewed), [Verdict.Warning, 600, 'n1 and n2']);
  assert.deepEqual(findingOf('repairAge', skewed, { repairAge: '4s,1h' }), [Verdict.Warning, 5000, 'n2']);
});

test('thresholds that mean nothing are refused, with what to write', () => {
  for (const [check, text] of [
    ['lag', '10'],
    ['lag', '10,5'],
    ['lag', 'a,b'],
    ['lag', '1,2,3'],
    ['hintAge', '10,20'],
    ['logBytes', '1m,1h'],
    ['missingOwners', '5,200'],
  ] as const)
    assert.throws(() => parseThreshold(checkKinds[check], text), new RegExp(checkKinds[check].flag), text);
});

test('Nagios gets one line, numbers behind the bar; Prometheus what a scraper can read', () => {
  const findings = judge(survey({ n0: {}, n1: {}, n3: { bytes: 2048 } }), thresholds({ logBytes: '1KiB,' }));
  const told = { cluster: 'a|b', findings };
  const line = written(told, 'nagios', pc);
  assert.match(line, /^DYNATS WARNING - a\/b: nodes that do not answer 1 \(n2\); .* \| down=1;0;1;0 /);
  assert.match(line, / logBytes=2048B;1024;;0\n$/);
  assert.match(line, / clock=0s;0\.5;2\.5;0 /);
  assert.equal(line.indexOf('\n'), line.length - 1);
  const { samples } =
    parseMetrics(written(told, 'prometheus', pc)).get('dynats_check_finding') ?? assert.fail();
  assert.equal(samples.get(seriesOf('dynats_check_finding', { cluster: 'a|b', check: 'down' })), 1);
  const json = JSON.parse(written(told, 'json', pc)) as { verdict: string; exitCode: number };
  assert.deepEqual([json.verdict, json.exitCode], ['WARNING', 1]);
});
