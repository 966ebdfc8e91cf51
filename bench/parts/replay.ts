// How long a replica that was killed takes to serve again, by the number of records in its log and how they lie in entries.
import { Part } from '../../src/emulator/part.js';
import type { DynatsCluster } from '../clusters/dynats.js';
import type { Finding } from '../finding.js';
import type { Options } from '../options.js';
import { fillLog, oneNode, startOneNode } from './one-log.js';

export async function measureReplay({ records }: Options): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const perEntry of [256, 1]) {
    const cluster = await startOneNode();
    const emptyMs = await restartMs(cluster);
    await fillLog(cluster, { count: records, perEntry });
    const fullMs = await restartMs(cluster);
    await cluster.stop();
    const what = `${records} records in entries of ${perEntry}`;
    findings.push(
      { id: `replay.${perEntry}.ms`, text: `replica serves again, ${what}`, value: fullMs, unit: 'ms' },
      {
        id: `replay.${perEntry}.rate`,
        text: `replay, ${what}, process start not counted`,
        value: (1000 * records) / (fullMs - emptyMs),
        unit: '/s',
      },
    );
  }
  return findings;
}

async function restartMs({ emulator }: DynatsCluster): Promise<number> {
  await emulator.kill(oneNode, [Part.Replica]);
  const { state, tookMs } = await emulator.restart(oneNode);
  if (state !== 'serving') throw new Error(`${oneNode} is ${state} after its restart`);
  return tookMs;
}
