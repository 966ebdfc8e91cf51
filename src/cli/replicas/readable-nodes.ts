// Which nodes can be asked for what they hold. Pure.
import type { ClusterReply } from '../../wire/generated/types.js';

/** The nodes of the cluster, apart into those that hold complete memory and the others with their state. */
export function readableNodes(view: ClusterReply): {
  readable: string[];
  others: { node: string; state: string }[];
} {
  const states = new Map(
    view.peers.filter(peer => peer.leaving !== true).map(peer => [peer.node, peer.state]),
  );
  const readable = view.cluster.nodes.filter(node => states.get(node) === 'serving');
  const others = view.cluster.nodes
    .filter(node => !readable.includes(node))
    .map(node => ({ node, state: states.get(node) ?? 'down' }));
  return { readable, others };
}
