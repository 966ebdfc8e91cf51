// The guarantees of the levels that count by zone, with two zones of three owners each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Level } from '../../src/model/level.js';
import { SimCluster } from './cluster.js';
import { DAMAGE, without } from './fault-table.js';
import { withSeed } from './replay.js';
import { runScenario } from './scenario.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 5);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);

const cluster = {
  nodes: ['n0', 'n1', 'n2', 'n3', 'n4', 'n5'],
  replicationFactor: 6,
  zones: { n0: 'a', n1: 'b', n2: 'a', n3: 'b', n4: 'a', n5: 'b' },
};

const cases: readonly { write: Level; read: Level }[] = [
  { write: 'LOCAL_QUORUM', read: 'LOCAL_QUORUM' },
  { write: 'EACH_QUORUM', read: 'LOCAL_QUORUM' },
  { write: 'EACH_QUORUM', read: 'EACH_QUORUM' },
];

for (const levels of cases)
  test(`clients of one zone that write at ${levels.write} and read at ${levels.read} see every acked write`, async () => {
    let ackedInAll = 0;
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { violations, acked } = await withSeed(seed, () =>
        runScenario({ seed, cluster, levels, zone: 'a' }),
      );
      assert.deepEqual(
        violations,
        [],
        `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`,
      );
      ackedInAll += acked;
    }
    assert.ok(ackedInAll > 0, 'no request succeeded');
  });

for (const level of ['LOCAL_QUORUM', 'EACH_QUORUM'] as const)
  test(`in a bucket whose level is ${level} clients of one zone that name none see every acked write`, async () => {
    const inBucket = { ...cluster, buckets: { default: { level } } };
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const run = await withSeed(seed, () =>
        runScenario({ seed, cluster: inBucket, levels: 'bucket', zone: 'a' }),
      );
      assert.deepEqual(
        run.violations,
        [],
        `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`,
      );
      const levels = Object.values(Level).filter(each => run.reached[each] !== undefined);
      assert.deepEqual(levels, [level], `seed ${seed}: every answer was at ${level}`);
      assert.ok(run.acked > 0, `seed ${seed}: no request succeeded`);
    }
  });

/** Full disks and frozen nodes keep what one zone acknowledged from the other for a while. No disk is lost: ONE does not bear it. */
const rates = { ...without(DAMAGE), fullDisk: 0.3, pause: 0.05, partition: 0.04 };

for (const levels of [
  { write: 'LOCAL_QUORUM', read: 'LOCAL_QUORUM' },
  { write: 'ONE', read: 'LOCAL_QUORUM' },
  { write: 'LOCAL_QUORUM', read: 'ONE' },
] as const)
  test(`a session that wanders between zones, writes at ${levels.write} and reads at ${levels.read} never goes back`, async () => {
    let ackedInAll = 0;
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const result = await withSeed(seed, () =>
        runScenario({ seed, cluster, levels, zone: 'a', sessions: 'kept', rates }),
      );
      assert.deepEqual(
        result.violations,
        [],
        `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`,
      );
      ackedInAll += result.acked;
    }
    assert.ok(ackedInAll > 10 * SEEDS, `${ackedInAll} operations succeeded`);
  });

test('without its token such a session goes back, in some of the same runs', async () => {
  const levels = { write: 'LOCAL_QUORUM', read: 'ONE' } as const;
  let violations = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const run = await runScenario({ seed, cluster, levels, zone: 'a', sessions: 'unkept', rates });
    violations += run.violations.length;
  }
  assert.ok(violations > 0);
});

test('a session that comes from another zone is answered by owners there, while its own have nothing yet', async () => {
  const sim = new SimCluster({ seed: 1, cluster });
  const [inA, inB] = [sim.client('c0', 'a'), sim.client('c1', 'b')];
  await sim.start();
  await sim.clock.advance(500);
  const refuse = (isFull: boolean) => {
    for (const node of ['n1', 'n3', 'n5']) sim.disk(node).refuse = () => isFull;
  };
  refuse(true);
  const about = { bucket: 'default', key: '7', level: 'LOCAL_QUORUM' } as const;
  const written = await sim.clock.until(
    inA.write({ kind: 'write', ...about, value: 'v', session: '' }, 1000),
  );
  refuse(false);
  const stranger = await sim.clock.until(inB.read({ kind: 'read', ...about }, 1000));
  assert.equal(stranger.found, false);
  const session = written.session ?? '';
  const own = await sim.clock.until(inB.read({ kind: 'read', ...about, session }, 1000));
  assert.deepEqual([own.value, own.required], ['v', 2]);
  assert.ok(own.received > 2);
});
