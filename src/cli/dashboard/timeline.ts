// What happened between two views, in words. Pure.
import { linkNames } from '../../emulator/link-names.js';
import type { EventKind, NodeView, View } from './view.js';

export interface Happening {
  readonly kind: EventKind;
  readonly node: string | null;
  readonly text: string;
}

/** @param seen the last view in which nodes could be seen, if there was one: `before`, unless that was not connected. */
export function happenings(
  before: View,
  now: View,
  seen: View | undefined = before.isConnected ? before : undefined,
): Happening[] {
  const found: Happening[] = [];
  if (before.isConnected && !now.isConnected)
    found.push({ kind: 'relay', node: null, text: `connection lost: ${now.why ?? 'no node answers'}` });
  if (!before.isConnected && now.isConnected)
    found.push({ kind: 'relay', node: null, text: 'connected to the cluster' });
  found.push(...ofLinks(before, now));
  // Nodes that cannot be seen are not dead for that. What became of them meanwhile is told when they are seen again.
  if (seen === undefined || !now.isConnected) return found;
  for (const node of now.nodes) {
    const was = seen.nodes.find(each => each.node === node.node);
    if (was !== undefined) found.push(...ofNode(was, node));
  }
  return found;
}

/** Whoever cut them: the page, or the command line. */
function ofLinks({ cuts: before }: View, { cuts: now }: View): Happening[] {
  if (before === null || now === null) return [];
  const isIn = (cuts: Ways, way: Ways[number]) =>
    cuts.some(({ from, to }) => from === way.from && to === way.to);
  const cut = now.filter(way => !isIn(before, way));
  const healed = before.filter(way => !isIn(now, way));
  const found: Happening[] = [];
  if (cut.length > 0) found.push({ kind: 'fault', node: null, text: `cut ${linkNames(cut).join(', ')}` });
  if (healed.length > 0)
    found.push({ kind: 'up', node: null, text: `healed ${linkNames(healed).join(', ')}` });
  return found;
}

type Ways = NonNullable<View['cuts']>;

const lost: Readonly<Record<Exclude<NodeView['life'], 'up'>, (node: string) => string>> = {
  paused: node => `${node} hangs (paused)`,
  unreachable: node => `${node} runs, but cannot be reached from here`,
  down: node => `${node} is down`,
};

function ofNode(was: NodeView, now: NodeView): Happening[] {
  const found: Happening[] = [];
  const { node } = now;
  const say = (kind: EventKind, text: string) => found.push({ kind, node, text });
  if (was.life !== now.life && now.life !== 'up') say('down', lost[now.life](node));
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
