// The services of a node, with every subject at which it can be asked: those that all coordinators share, and its own.
import { Service } from '../nats/service.js';
import type { Bus, Clock, HintStream, Logger, Tracer } from '../ports.js';
import { VERSION } from '../version.js';
import type { ClusterDefinition, ClusterReply } from '../wire/generated/types.js';
import { COORDINATORS, subjects } from '../wire/subjects.js';
import { apiOf } from './api.js';
import { hintsOf, type InspectionOptions, orderOf, recordsOf, requestsOf, statusOf } from './inspection.js';
import { outcomeOf } from './outcome.js';
import { repairOf } from './repair.js';

export interface ServicesOptions extends InspectionOptions {
  readonly cluster: ClusterDefinition;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where somebody traces. */
  readonly tracer?: Tracer | undefined;
  /** The hints that this node holds. */
  readonly hints: HintStream;
  /** Called for each message that is dropped, or is not valid. */
  readonly onDropped: (reason: string) => void;
}

/** Not started yet. */
export function servicesOf(options: ServicesOptions): Service[] {
  const { node, cluster, incarnation, bus, logger, replica, coordinator, hints, counts, maxPayload } =
    options;
  const api = apiOf({ coordinator, logger, counts, tracer: options.tracer, maxPayload });
  const describe = async (): Promise<ClusterReply> => ({
    node,
    cluster: { ...cluster, buckets: coordinator.catalog.definitions() },
    peers: coordinator.liveness.alive(),
    time: coordinator.hlc.current(),
    now: coordinator.clocks.now(),
  });
  const verbs = ['put', 'get', 'delete', 'batch', 'scan', 'touch', 'bucket'] as const;
  const common = {
    bus,
    id: `${node}-${incarnation}`,
    version: VERSION,
    metadata: { node, cluster: cluster.name },
    logger,
    hasHeaders: options.tracer !== undefined,
    onDropped: options.onDropped,
  };
  return [
    new Service({
      ...common,
      name: 'dynats',
      description: 'Dynats coordinators: put, get and delete keys through any node',
      endpoints: [
        ...verbs.map(verb => ({
          name: verb,
          subject: subjects.api(verb),
          queue: COORDINATORS,
          handle: api[verb],
        })),
        { name: 'cluster', subject: subjects.api('cluster'), queue: COORDINATORS, handle: describe },
      ],
    }),
    new Service({
      ...common,
      name: `dynats-${node}`,
      description: `Dynats node ${node}: coordinate through it, look into it`,
      endpoints: [
        ...verbs.map(verb => ({ name: verb, subject: subjects.node(node, verb), handle: api[verb] })),
        { name: 'cluster', subject: subjects.node(node, 'cluster'), handle: describe },
        {
          name: 'status',
          subject: subjects.node(node, 'status'),
          isForNodes: true,
          handle: () => statusOf(options),
        },
        {
          name: 'records',
          subject: subjects.node(node, 'records'),
          isForNodes: true,
          handle: async data => recordsOf(options, data),
        },
        {
          name: 'repair',
          subject: subjects.node(node, 'repair'),
          handle: data => repairOf(options, data),
        },
        {
          name: 'outcome',
          subject: subjects.node(node, 'outcome'),
          handle: data => outcomeOf({ node, replica, catalog: coordinator.catalog, hints }, data),
        },
        {
          name: 'requests',
          subject: subjects.node(node, 'requests'),
          handle: async data => requestsOf(options, data),
        },
        { name: 'hints', subject: subjects.node(node, 'hints'), handle: data => hintsOf(options, data) },
        { name: 'order', subject: subjects.node(node, 'order'), handle: data => orderOf(options, data) },
      ],
    }),
  ];
}
