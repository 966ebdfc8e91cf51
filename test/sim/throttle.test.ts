// Anti-entropy between owners that serve keeps to its rate, whichever side it is that lacks the records.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEntry, encodeRecord } from '../../src/wire/log-entry.js';
import { subjects } from '../../src/wire/subjects.js';
import { SimCluster } from './cluster.js';
import { SimBus, SimProcess } from './network.js';

const RECORDS = 16_000;
const RECORDS_PER_SECOND = 2000;
/** What passes at a time, before the next waits. */
const PIECE = 1024;
const STEP_MS = 100;
const ENTRY_RECORDS = 1000;
/** All keys begin with it: owned by n0, n1 and n2. */
const PREFIX = '0/';

for (const [lucky, lacking] of [
  ['n0', 'n1'],
  ['n1', 'n0'],
] as const)
  test(`${lacking} gets what only ${lucky} has no faster than it may`, async () => {
    const sim = new SimCluster({
      seed: 1,
      antiEntropy: { periodMs: 1000, recordsPerSecond: RECORDS_PER_SECOND },
    });
    const { clock } = sim;
    await sim.start();
    // After its start each compares with all: from then on it is n0 that asks.
    await clock.advance(5000);
    const about = { bucket: 'default', value: 'v', writer: 'w', time: Math.floor(clock.now() * 1000) };
    const records = Array.from({ length: RECORDS }, (_, i) =>
      encodeRecord({ ...about, key: `${PREFIX}${i}` }),
    );
    // Past every coordinator: no hints are kept.
    const outsider = new SimBus(new SimProcess(sim.network, sim.network.addSite('at-outsider')));
    for (let from = 0; from < RECORDS; from += ENTRY_RECORDS)
      outsider.publish(subjects.log(lucky), encodeEntry(records.slice(from, from + ENTRY_RECORDS)));

    const held = () => sim.core(lacking)?.replica.memtable.keys ?? 0;
    const counts = [held()];
    while ((counts.at(-1) ?? 0) < RECORDS && counts.length < 1000) {
      await clock.advance(STEP_MS);
      counts.push(held());
    }
    assert.equal(counts.at(-1), RECORDS, 'all of it came');
    const steps = 1000 / STEP_MS;
    const most = Math.max(...counts.map((count, i) => count - (counts[Math.max(0, i - steps)] ?? 0)));
    assert.ok(most <= RECORDS_PER_SECOND + PIECE, `${most} records within a second`);
  });
