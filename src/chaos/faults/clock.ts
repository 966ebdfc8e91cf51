// A node whose clock is wrong, by up to an hour in either direction.
import assert from 'node:assert/strict';
import { Part } from '../../emulator/part.js';
import { formatDuration, parseDurationMs } from '../../model/duration.js';
import type { Fault } from './fault.js';
import { given, mendAll, needsProcesses } from './fault.js';

const offsetsMs = [-3_600_000, -60_000, -2000, -300, 300, 2000, 60_000, 3_600_000];

/** Of a duration that may have a sign. */
function offsetOf(how: string): number {
  const ms = parseDurationMs(how.replace(/^-/, ''));
  assert(ms !== undefined, `"${how}" is no offset of a clock`);
  return how.startsWith('-') ? -ms : ms;
}

export const clock: Fault = {
  name: 'clock',
  about:
    'the clock of a node is wrong by 300 ms to an hour, ahead or behind; its replica is restarted for that',
  whyNot: cluster =>
    needsProcesses(cluster) ??
    (cluster.clocks === undefined ? 'its clocks are not under control from here' : undefined),
  draw: (nodes, random) => ({ nodes: [random.pick(nodes)], how: formatDuration(random.pick(offsetsMs)) }),
  async begin(cluster, { nodes, how }) {
    for (const node of nodes) {
      given(cluster.clocks).setOffset(node, offsetOf(how));
      await given(cluster.processes).kill(node, [Part.Replica]);
    }
    await mendAll(cluster, nodes);
  },
  async heal(cluster, { nodes }) {
    for (const node of nodes) {
      given(cluster.clocks).setOffset(node, 0);
      await given(cluster.processes).kill(node, [Part.Replica]);
    }
    await mendAll(cluster, nodes);
  },
};
