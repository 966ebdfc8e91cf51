// The ring as the page draws it. Pure.
import { partitionerNamed } from '../../model/partitioner.js';
import type { Ring } from '../../model/ring.js';
import type { RingView } from './view.js';

/** More ranges than these cannot be told apart in a picture: then it is drawn from equal slices. */
const RANGES_MAX = 64;
const SLICES = 360;

export function ringView(bucket: string, ring: Ring): RingView {
  const { tokens, name } = partitionerNamed(ring.settings.partitioner);
  const ranges = [...ring.ranges()];
  const shares: Record<string, { first: number; any: number }> = Object.fromEntries(
    ring.nodes.map(node => [node, { first: 0, any: 0 }]),
  );
  for (const { from, to, owners } of ranges)
    for (const [i, owner] of owners.entries()) {
      const share = shares[owner];
      if (share === undefined) continue;
      share.any += (to - from) / tokens;
      if (i === 0) share.first += (to - from) / tokens;
    }
  const isSampled = ranges.length > RANGES_MAX;
  return {
    bucket,
    partitioner: name,
    replicationFactor: ring.replicationFactor,
    tokens,
    slices: isSampled ? sliced(ranges, tokens) : ranges,
    isSampled,
    ranges: ranges.length,
    shares,
  };
}

function sliced(ranges: RingView['slices'], tokens: number): RingView['slices'] {
  let at = 0;
  return Array.from({ length: SLICES }, (_, i) => {
    const from = Math.floor((i * tokens) / SLICES);
    while ((ranges[at]?.to ?? tokens) <= from) at++;
    return { from, to: Math.floor(((i + 1) * tokens) / SLICES), owners: ranges[at]?.owners ?? [] };
  });
}
