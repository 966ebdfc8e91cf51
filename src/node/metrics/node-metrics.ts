// What a node counts, as metrics. docs/METRICS.md has every name; test/node/metrics holds the two together.
import type { Service } from '../../nats/service.js';
import { VERSION } from '../../version.js';
import type { ReplicaState, StatusReply } from '../../wire/generated/types.js';
import { type InspectionOptions, statusOf } from '../inspection.js';
import { limitMsOf, type RequestTally } from '../request-counts.js';
import type { Exposition, HistogramSample, Sample } from './exposition.js';

/** Of the histograms' steps of 2^(1/4) every fourth is a bucket here: each twice as large as the one before. */
const STEPS_PER_BUCKET = 4;
const STATES: readonly ReplicaState[] = ['serving', 'catching-up', 'recovering'];

export interface NodeMetricsOptions extends InspectionOptions {
  readonly cluster: { readonly name: string };
  readonly services: readonly Service[];
  /** Its connection to the log broker. */
  readonly isConnected: () => boolean;
  readonly reconnects: () => number;
}

/** Asks the log broker for the state of the log; all else is in this process. */
export async function writeNodeMetrics(page: Exposition, options: NodeMetricsOptions): Promise<void> {
  const isConnected = options.isConnected();
  // Without its broker a node knows all but how long its log is.
  const status = isConnected ? await statusOf(options).catch(() => undefined) : undefined;
  writeNode(page, options, isConnected);
  writeRequests(page, options);
  writeLog(page, options, status?.log);
  writeHints(page, options);
  writeRepairs(page, options);
  writePeers(page, options);
}

function writeNode(page: Exposition, options: NodeMetricsOptions, isConnected: boolean): void {
  const { node, cluster, replica, refused, coordinator } = options;
  page.gauge('dynats_node_info', 'Always 1; its labels say which node this is.', [
    [{ node, cluster: cluster.name, version: VERSION }, 1],
  ]);
  page.gauge(
    'dynats_node_state',
    'The state of the replica: 1 for the one it is in.',
    STATES.map(state => [{ state }, Number(replica.state === state)]),
  );
  page.gauge(
    'dynats_broker_connected',
    'Whether the node is connected to its log broker.',
    Number(isConnected),
  );
  page.counter(
    'dynats_broker_reconnects_total',
    'How often the connection to the log broker came back.',
    options.reconnects(),
  );
  page.counter(
    'dynats_messages_refused_total',
    'Messages dropped unanswered, by reason.',
    [...refused].map(([reason, count]): Sample => [{ reason }, count]),
  );
  page.gauge(
    'dynats_clock_correction_seconds',
    'What the node adds to its own clock, because most of the others disagree with it.',
    coordinator.clocks.correctionMs / 1000,
  );
}

function writeRequests(page: Exposition, { counts, services }: NodeMetricsOptions): void {
  page.counter(
    'dynats_requests_total',
    'Reads and writes this node coordinated, by level and outcome: ok, or the code of the error.',
    counts.tallies().flatMap(outcomesOf),
  );
  page.histogram(
    'dynats_request_duration_seconds',
    'How long those that were answered took, by level.',
    counts
      .tallies()
      .filter(({ counts: { answered } }) => answered > 0)
      .map(durationsOf),
  );
  // Each endpoint is there twice: for whoever asks any node, and for whoever asks this one.
  const [shared, own] = services.map(service => service.usage());
  const endpoints = [
    ...(shared ?? []).map(usage => ({ ...usage, via: 'any' })),
    ...(own ?? []).map(usage => ({ ...usage, via: 'name' })),
  ];
  const of = (value: (usage: (typeof endpoints)[number]) => number): Sample[] =>
    endpoints.map(usage => [{ endpoint: usage.endpoint, via: usage.via }, value(usage)]);
  page.counter(
    'dynats_endpoint_requests_total',
    'Messages answered, by endpoint. A batch is one.',
    of(({ requests }) => requests),
  );
  page.counter(
    'dynats_endpoint_errors_total',
    'Messages answered with an error, by endpoint.',
    of(({ errors }) => errors),
  );
  page.counter(
    'dynats_endpoint_duration_seconds_total',
    'Time from a message to its answer, summed up, by endpoint.',
    of(({ seconds }) => seconds),
  );
}

function outcomesOf({ counts: { kind: op, level, answered }, failures }: RequestTally): Sample[] {
  return [
    [{ op, level, outcome: 'ok' }, answered],
    ...[...failures].map(([code, count]): Sample => [{ op, level, outcome: code.toLowerCase() }, count]),
  ];
}

function durationsOf({ counts: { kind: op, level, latency }, tookMs }: RequestTally): HistogramSample {
  const buckets: [number, number][] = [];
  let below = 0;
  for (let item = 0; ; item++) {
    below += latency[item] ?? 0;
    const limitMs = limitMsOf(item);
    const isLast = !Number.isFinite(limitMs);
    if (isLast || item % STEPS_PER_BUCKET === 0) buckets.push([limitMs / 1000, below]);
    if (isLast) return { labels: { op, level }, buckets, sum: tookMs / 1000 };
  }
}

function writeLog(
  page: Exposition,
  { replica, compaction }: NodeMetricsOptions,
  log: StatusReply['log'] | undefined,
): void {
  const { memtable } = replica;
  page.gauge('dynats_log_first_sequence', 'First entry the log holds.', log?.firstSequence);
  page.gauge('dynats_log_last_sequence', 'Last entry appended to the log.', log?.lastSequence);
  page.gauge('dynats_log_applied_sequence', 'Entries up to here are folded into memory.', replica.applied);
  page.gauge(
    'dynats_log_lag_entries',
    'Entries appended and not applied yet.',
    log === undefined ? undefined : Math.max(0, log.lastSequence - log.applied),
  );
  page.gauge('dynats_log_entries', 'Entries the log holds.', log?.entries);
  page.gauge('dynats_log_bytes', 'Bytes of the log on disk.', log?.bytes);
  page.gauge('dynats_log_live_bytes', 'Bytes of the log that are current, as estimated.', memtable.liveBytes);
  page.counter(
    'dynats_log_invalid_entries_total',
    'Entries that were no log entries, and skipped.',
    replica.invalidEntries,
  );
  page.counter('dynats_compactions_total', 'Compactions of the log.', compaction.done);
  page.counter(
    'dynats_purged_records_total',
    'Deletes and expired records left behind by compactions.',
    compaction.purgedRecords,
  );
  page.gauge('dynats_keys', 'Keys in memory, without tombstones.', memtable.keys);
  page.gauge('dynats_tombstones', 'Deleted keys in memory.', memtable.tombstones);
}

function writeHints(page: Exposition, options: NodeMetricsOptions): void {
  const { handoff, hintControl, hintLosses, coordinator } = options;
  const targets = hintControl.targets();
  const each = (value: (target: (typeof targets)[number]) => number | null): Sample[] =>
    targets.flatMap((target): Sample[] => {
      const known = value(target);
      return known === null ? [] : [[{ target: target.target }, known]];
    });
  page.gauge(
    'dynats_hints_held_entries',
    'Hint entries this node holds, by the node they are for.',
    each(({ entries }) => entries),
  );
  page.gauge(
    'dynats_hints_held_bytes',
    'Bytes of these hints.',
    each(({ bytes }) => bytes),
  );
  page.gauge(
    'dynats_hints_oldest_age_seconds',
    'Age of the oldest of these hints.',
    each(({ oldestMs }) => (oldestMs === null ? null : oldestMs / 1000)),
  );
  const { stored, failed } = coordinator.hints;
  page.counter('dynats_hints_stored_total', 'Hints this node had stored, as a coordinator.', stored);
  page.counter('dynats_hints_failed_total', 'Hints that no node would take.', failed);
  page.counter('dynats_hints_delivered_total', 'Hint entries delivered to their targets.', handoff.delivered);
  page.counter('dynats_hints_expired_total', 'Hint entries that became too old.', hintLosses.expired);
  page.counter('dynats_hints_dropped_total', 'Hint entries deleted by order.', hintLosses.dropped);
}

function writeRepairs(page: Exposition, { antiEntropy, coordinator, purge }: NodeMetricsOptions): void {
  const { acked, failed } = coordinator.repairs;
  page.counter('dynats_read_repairs_total', 'Records that reads appended to stale owners.', [
    [{ outcome: 'acked' }, acked],
    [{ outcome: 'failed' }, failed],
  ]);
  const { compared, different, fetched, sent } = antiEntropy.totals;
  const { progress, lastCompletedAt } = antiEntropy;
  page.counter('dynats_anti_entropy_rounds_total', 'Rounds of anti-entropy completed.', antiEntropy.rounds);
  page.counter('dynats_anti_entropy_comparisons_total', 'Pairs of trees compared.', compared);
  page.counter('dynats_anti_entropy_differences_total', 'Comparisons that found a difference.', different);
  page.counter('dynats_anti_entropy_records_total', 'Records moved by anti-entropy.', [
    [{ direction: 'fetched' }, fetched],
    [{ direction: 'sent' }, sent],
  ]);
  page.gauge(
    'dynats_anti_entropy_comparisons_left',
    'Comparisons left of the round under way.',
    progress === null ? 0 : progress.total - progress.done,
  );
  page.gauge(
    'dynats_anti_entropy_last_completed_timestamp_seconds',
    'When a round last reached every owner, since 1970.',
    lastCompletedAt === null ? undefined : lastCompletedAt / 1000,
  );
  const floors = Object.values(purge.status().floors);
  page.gauge(
    'dynats_purge_floor_timestamp_seconds',
    'Up to when deletes may be purged, since 1970: the least of the groups of owners that have come so far.',
    floors.length === 0 ? undefined : Math.min(...floors) / 1e6,
  );
}

function writePeers(page: Exposition, { node, nodes, coordinator }: NodeMetricsOptions): void {
  const { liveness, clocks } = coordinator;
  const peers = nodes.filter(peer => peer !== node);
  const each = (value: (peer: string) => number): Sample[] => peers.map(peer => [{ peer }, value(peer)]);
  page.gauge(
    'dynats_peer_writable',
    'Whether this node sends writes to the peer.',
    each(peer => Number(liveness.isWritable(peer))),
  );
  page.gauge(
    'dynats_peer_readable',
    'Whether this node reads from the peer.',
    each(peer => Number(liveness.isReadable(peer))),
  );
  page.gauge(
    'dynats_peer_silent_seconds',
    'Since the last heartbeat of the peer.',
    peers.flatMap((peer): Sample[] => {
      const silentMs = liveness.silentMs(peer);
      return silentMs === null ? [] : [[{ peer }, silentMs / 1000]];
    }),
  );
  page.gauge(
    'dynats_peer_clock_ahead_seconds',
    "How far the peer's clock was ahead of this node's.",
    Object.entries(clocks.aheadMs()).map(([peer, aheadMs]): Sample => [{ peer }, aheadMs / 1000]),
  );
}
