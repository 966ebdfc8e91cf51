// Scans in simulated runs: what a page shows is what quorum reads of its keys would have shown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkScan } from '../../src/wire/scan.js';
import { SimCluster } from './cluster.js';
import { runScans, type ScanLevels } from './scan-scenario.js';

const SEEDS = Number(process.env['DYNATS_SIM_SEEDS'] ?? 4);
const FIRST = Number(process.env['DYNATS_SIM_FIRST'] ?? 1);
const TIMEOUT_MS = 1500;

async function runAll(levels: ScanLevels): Promise<void> {
  let pages = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const run = await runScans({ seed }, levels);
    pages += run.pages;
    const replay = `seed ${seed}: replay with DYNATS_SIM_FIRST=${seed} DYNATS_SIM_SEEDS=1`;
    assert.deepEqual(run.violations, [], replay);
  }
  assert.ok(pages > 20 * SEEDS, `only ${pages} pages were answered`);
}

test('no quorum scan shows less than was acknowledged, or shown, before it began', () =>
  runAll({ write: 'QUORUM', scan: 'QUORUM' }));

test('nor does a scan of one zone at LOCAL_QUORUM, after writes there or at EACH_QUORUM', async () => {
  await runAll({ write: 'LOCAL_QUORUM', scan: 'LOCAL_QUORUM' });
  await runAll({ write: 'EACH_QUORUM', scan: 'LOCAL_QUORUM' });
});

/** A cluster with one key, and how long a scan of it takes when `strike` has just hit n1. */
async function scanMs(strike: (cluster: SimCluster) => void): Promise<number> {
  const cluster = new SimCluster({ seed: 1 });
  const client = cluster.client('c');
  await cluster.start();
  await cluster.clock.advance(500);
  const write = { kind: 'write', bucket: 'default', key: '7', level: 'ALL', value: 'v' } as const;
  await cluster.clock.until(client.write(write, TIMEOUT_MS));
  strike(cluster);
  // The brokers know who is gone, the client does not.
  await cluster.clock.advance(5);
  const startedAtMs = cluster.clock.monotonic();
  // Each is asked first in one of these.
  const scans = cluster.nodes.map(() => client.scan(checkScan({}), TIMEOUT_MS));
  for (const { records } of await cluster.clock.until(Promise.all(scans))) assert.equal(records.length, 1);
  return cluster.clock.monotonic() - startedAtMs;
}

test('a scan that meets a node that hangs asks others after 100 ms', async () => {
  const ms = await scanMs(cluster => cluster.pause('n1'));
  assert.ok(ms >= 100 && ms < 150, `${ms} ms`);
});

test('a scan that meets a node whose replica is gone asks others at once', async () => {
  const ms = await scanMs(cluster => cluster.killReplica('n1'));
  assert.ok(ms < 50, `${ms} ms`);
});
