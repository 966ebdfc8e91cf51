// A disk that forgot is found out: its replica recovers before it serves again. One that goes on as if nothing had happened may
// have lost what it acknowledged, whether or not a read has met that.
import type { SimCluster } from '../cluster.js';
import type { Injury } from '../nemesis.js';
import type { Violation } from './history.js';

/** @param injuries of the run; all nodes serve again. */
export function unnoticed(cluster: SimCluster, injuries: readonly Injury[]): Violation[] {
  return injuries
    .filter(({ node, atMs }) => (cluster.recoveringAtMs.get(node) ?? 0) < atMs)
    .map(({ node, name, atMs }) => ({
      rule: 'a disk that forgot is found out',
      what: `${name} of ${node} at ${atMs.toFixed(1)}: it serves, and has not recovered`,
    }));
}
