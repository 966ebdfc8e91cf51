// What happened between two views, in words. Pure.
import type { EventKind, NodeView, View } from './view.js';

export interface Happening {
  readonly kind: EventKind;
  readonly node: string | null;
  readonly text: string;
}

export function happenings(before: View, now: View): Happening[] {
  const found: Happening[] = [];
  if (before.isConnected && !now.isConnected)
    found.push({ kind: 'relay', node: null, text: `connection lost: ${now.why ?? 'no node answers'}` });
  if (!before.isConnected && now.isConnected)
    found.push({ kind: 'relay', node: null, text: 'connected to the cluster' });
  // Nodes that cannot be seen are not dead for that.
  if (!before.isConnected || !now.isConnected) return found;
  for (const node of now.nodes) {
    const was = before.nodes.find(each => each.node === node.node);
    if (was !== undefined) found.push(...ofNode(was, node));
  }
  return found;
}

function ofNode(was: NodeView, now: NodeView): Happening[] {
  const found: Happening[] = [];
  const { node } = now;
  const say = (kind: EventKind, text: string) => found.push({ kind, node, text });
  if (was.life === 'up' && now.life !== 'up')
    say('down', now.life === 'paused' ? `${node} hangs (paused)` : `${node} is down`);
  if (was.life !== 'up' && now.life === 'up') say('up', `${node} answers again`);
  if (now.life === 'up' && was.state !== now.state) {
    const why = now.reason === null ? '' : `: ${now.reason}`;
    if (now.state !== 'serving') say('state', `${node} is ${now.state}${why}`);
    else if (was.state !== null) say('state', `${node} serves again`);
  }
  if (was.broker !== null && now.broker !== null && was.broker.url !== now.broker.url)
    say('state', `${node} moved to broker ${now.broker.name}`);
  if (was.hintsOwed === 0 && now.hintsOwed > 0) say('hints', `hints are kept for ${node}`);
  if (was.hintsOwed > 0 && now.hintsOwed === 0 && now.life === 'up')
    say('hints', `all hints for ${node} are delivered`);
  const moved = repaired(now) - repaired(was);
  if (moved > 0 && was.antiEntropy !== null)
    say('repair', `anti-entropy of ${node} moved ${moved} record${moved === 1 ? '' : 's'}`);
  return found;
}

function repaired({ antiEntropy }: NodeView): number {
  return antiEntropy === null ? 0 : antiEntropy.fetched + antiEntropy.sent;
}
