// One run of disks that forget while it matters most: of a write that two owners acknowledged one loses it, the other is dead,
// and the third never had it. Until the second is back no quorum may be answered as if nothing had been written.
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import { DynatsError } from '../../src/errors.js';
import type { Operation } from './check/history.js';
import { quorumViolations } from './check/quorum.js';
import { parseVersion } from './check/version.js';
import { SimCluster } from './cluster.js';
import { Reached } from './reached.js';
import { lineOf, type RunOptions, type RunResult } from './result.js';
import type { SimDisk } from './streams.js';

const ROUNDS = 3;
const READS = 40;
const TIMEOUT_MS = 300;
/** By then the peers remember how far a log is: two heartbeats. */
const REMEMBERED_MS = 700;

const LOSSES: Readonly<Record<string, (disk: SimDisk) => void>> = {
  wipe: disk => disk.wipe(),
  tail: disk => disk.log?.loseTail(3),
  hole: disk => disk.log?.entries.splice(-3),
  flip: disk => {
    const entry = disk.log?.entries.at(-1);
    if (entry !== undefined) entry.data[entry.data.length >> 1] = 0;
  },
};

export async function runHeals({ seed, onLog }: RunOptions): Promise<RunResult> {
  const reached = new Reached();
  const cluster = new SimCluster({
    seed,
    cluster: { nodes: ['n0', 'n1', 'n2'] },
    onLog: (node, level, fields, message) => {
      reached.logged(message);
      onLog?.(lineOf(cluster.clock.monotonic(), node, level, message, fields));
    },
  });
  const { clock, random } = cluster;
  const client = cluster.client('c');
  const history: Operation[] = [];
  await cluster.start();
  await clock.advance(1000);
  for (let round = 0; round < ROUNDS; round++) {
    const [lacking, losing, dying] = random.pick([
      ['n0', 'n1', 'n2'],
      ['n1', 'n2', 'n0'],
      ['n2', 'n0', 'n1'],
    ] as const);
    cluster.disk(lacking).refuse = () => true;
    await clock.until(operate(cluster, client, history, 'put', round));
    await clock.advance(REMEMBERED_MS);
    const loss = random.pick(Object.keys(LOSSES));
    reached.count(loss);
    for (const node of [losing, dying]) cluster.killNode(node);
    LOSSES[loss]?.(cluster.disk(losing));
    cluster.keepStarting(losing);
    for (let i = 0; i < READS; i++) {
      void operate(cluster, client, history, 'get', round);
      await clock.advance(100 * random.next());
    }
    cluster.disk(lacking).refuse = () => false;
    cluster.keepStarting(dying);
    const areServing = () => cluster.nodes.every(node => cluster.stateOf(node) === 'serving');
    await cluster.waitFor(areServing, 'all nodes to serve again');
    await clock.advance(REMEMBERED_MS);
    await clock.until(operate(cluster, client, history, 'get', round));
  }
  reached.count('read that was refused', history.filter(op => op.outcome !== 'ok').length);
  return { violations: quorumViolations(history), reached: reached.counts, plan: [] };
}

async function operate(
  { clock }: SimCluster,
  client: Coordinator,
  history: Operation[],
  kind: 'put' | 'get',
  round: number,
): Promise<void> {
  const key = String(round);
  const operation: Operation = {
    client: 'c',
    kind,
    key,
    startedAtMs: clock.monotonic(),
    endedAtMs: Number.POSITIVE_INFINITY,
    outcome: 'refused',
    version: null,
  };
  history.push(operation);
  const about = { bucket: 'default', key, level: 'QUORUM' } as const;
  try {
    const reply =
      kind === 'put'
        ? await client.write({ kind: 'write', ...about, value: 'v' }, TIMEOUT_MS)
        : await client.read({ kind: 'read', ...about }, TIMEOUT_MS);
    operation.outcome = 'ok';
    operation.version = reply.version === undefined ? null : parseVersion(reply.version, false);
  } catch (error) {
    if (!(error instanceof DynatsError)) throw error;
  }
  operation.endedAtMs = clock.monotonic();
}
