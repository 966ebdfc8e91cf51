// Makes a client a coordinator of its cluster: mode `direct`.
import { Coordinator } from '../coordinator/coordinator.js';
import type { NatsBus } from '../nats/bus.js';
import { systemClock, systemRandom } from '../system.js';
import type { ClusterReply } from '../wire/generated/types.js';
import { DirectRequests } from './direct.js';

export interface JoinOptions {
  readonly bus: NatsBus;
  readonly zone: string | undefined;
  /** Whether the nodes' heartbeats may not have reached this client since its connection was lost. */
  readonly isOutOfTouch: () => boolean;
  /** Told when too few nodes seem to be alive; resolves when it is known whether it is the server that hangs. */
  readonly onUnavailable: () => Promise<void>;
}

/** @param view what a node said of the cluster and its peers. */
export function join(
  { cluster, peers }: ClusterReply,
  { bus, zone, isOutOfTouch, onUnavailable }: JoinOptions,
): { coordinator: Coordinator; direct: DirectRequests } {
  const coordinator = new Coordinator({
    bus,
    clock: systemClock,
    random: systemRandom,
    cluster,
    name: 'client',
    zone,
  });
  coordinator.start();
  coordinator.liveness.onPresence(({ node, broker }) => bus.heardBroker(node, broker));
  for (const presence of peers) coordinator.liveness.heard(presence);
  return { coordinator, direct: new DirectRequests({ coordinator, isOutOfTouch, onUnavailable }) };
}
