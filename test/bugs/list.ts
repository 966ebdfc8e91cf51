// Every deliberate bug. Each is caught by a scenario, or the net has a hole: widen it, never take the bug out.
import type { Bug } from './bug.js';
import { OTHERS } from './others.js';
import { REPLICA } from './replica.js';
import { WRITES_AND_READS } from './writes-and-reads.js';

export const BUGS: readonly Bug[] = [...WRITES_AND_READS, ...REPLICA, ...OTHERS];

export function bugNamed(name: string): Bug {
  const bug = BUGS.find(each => each.name === name);
  if (bug === undefined) throw new RangeError(`there is no deliberate bug ${JSON.stringify(name)}`);
  return bug;
}
