// One run in which far more is asked than a node that hangs can take: what waits for it is bounded, what has no room is
// refused before anything is sent, and everything is answered.
import { DynatsError, OverloadedError } from '../../src/errors.js';
import type { Violation } from './check/history.js';
import { SimCluster } from './cluster.js';
import type { RunOptions, RunResult } from './result.js';

/** Owned by n0, n1 and n2. */
const KEY = '5';
const WRITES = 23_000;
const READS = 23_000;
const WRITES_WELL = 5000;
/** What may wait for one node (docs/PROTOCOL.md says 20,000), and one message on its way. */
const WAITING_MAX = 20_000 + 1024;
const TIMEOUT_MS = 800;

export async function runOverload({ seed }: RunOptions): Promise<RunResult> {
  const cluster = new SimCluster({ seed, cluster: { nodes: ['n0', 'n1', 'n2'] } });
  const { clock } = cluster;
  await cluster.start();
  const client = cluster.client('c');
  await clock.advance(1000);
  const violations: Violation[] = [];
  const reached: Record<string, number> = {};
  const flood = async (what: string, count: number, ask: (i: number) => Promise<unknown>) => {
    let waiting = 0;
    let refused = 0;
    const answers = Array.from({ length: count }, (_, i) => {
      waiting++;
      return ask(i)
        .catch((error: unknown) => {
          if (!(error instanceof DynatsError)) throw error;
          if (error instanceof OverloadedError) refused++;
        })
        .finally(() => waiting--);
    });
    await clock.advance(1);
    if (waiting > WAITING_MAX)
      violations.push({ rule: 'memory of queues is bounded', what: `${waiting} ${what} wait at once` });
    reached[`${what} refused`] = refused;
    await clock.until(Promise.all(answers));
    return undefined;
  };
  // Nobody has noticed yet that they hang.
  for (const node of ['n0', 'n1', 'n2']) cluster.pause(node);
  const about = { bucket: 'default', key: KEY, level: 'ALL' } as const;
  await flood('writes', WRITES, i => client.write({ kind: 'write', ...about, value: `${i}` }, TIMEOUT_MS));
  for (const node of ['n0', 'n1', 'n2']) cluster.resume(node);
  await clock.advance(3000);
  for (const node of ['n0', 'n1', 'n2']) cluster.pause(node);
  await flood('reads', READS, () => client.read({ kind: 'read', ...about }, TIMEOUT_MS));
  for (const node of ['n0', 'n1', 'n2']) cluster.resume(node);
  await clock.advance(5000);
  // More than one message holds, and nothing is wrong: all of it is stored.
  let stored = 0;
  await flood('writes when all is well', WRITES_WELL, async i => {
    await client.write({ kind: 'write', ...about, value: `${i}` }, 10 * TIMEOUT_MS);
    stored++;
  });
  if (stored < WRITES_WELL)
    violations.push({ rule: 'what has room is stored', what: `${stored} of ${WRITES_WELL} writes were` });
  if (!client.isIdle) violations.push({ rule: 'queues are empty in the end', what: 'the client is busy' });
  return { violations, reached, plan: [] };
}
