// Which clients a run has: most write and read at QUORUM, some in other ways that promise something too.
import type { Level } from '../../model/level.js';
import type { ClientSpec } from './order.js';

/** `mixed`, or one level for all. */
export type LevelMix = 'mixed' | Level;

/** Of every eight clients of a mixed run so many are of each way. */
const ways: readonly (Omit<ClientSpec, 'name'> & { readonly kind: string })[] = [
  { kind: 'quorum', writeLevel: 'QUORUM', readLevel: 'QUORUM', hasSession: false },
  { kind: 'quorum', writeLevel: 'QUORUM', readLevel: 'QUORUM', hasSession: false },
  { kind: 'quorum', writeLevel: 'QUORUM', readLevel: 'QUORUM', hasSession: false },
  { kind: 'session', writeLevel: 'ONE', readLevel: 'ONE', hasSession: true },
  { kind: 'session', writeLevel: 'ONE', readLevel: 'ONE', hasSession: true },
  { kind: 'all-one', writeLevel: 'ALL', readLevel: 'ONE', hasSession: false },
  { kind: 'quorum', writeLevel: 'QUORUM', readLevel: 'QUORUM', hasSession: false },
  { kind: 'quorum', writeLevel: 'QUORUM', readLevel: 'QUORUM', hasSession: false },
];

export function clientSpecs(count: number, levels: LevelMix): ClientSpec[] {
  return Array.from({ length: count }, (_, i) => {
    const way = ways[i % ways.length];
    if (levels !== 'mixed' || way === undefined) {
      const level = levels === 'mixed' ? 'QUORUM' : levels;
      return { name: `${level.toLowerCase()}-${i}`, writeLevel: level, readLevel: level, hasSession: false };
    }
    const { kind, ...spec } = way;
    return { name: `${kind}-${i}`, ...spec };
  });
}
