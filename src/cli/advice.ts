// Says of a refused request which owners are missing and what to do about it.
import type { Client } from '../client/client.js';
import { InvalidRequestError, UnavailableError, WriteTimeoutError } from '../errors.js';
import { Level, requiredOwners } from '../model/level.js';
import { BusError } from '../ports.js';
import type { ClusterDefinition, ClusterReply } from '../wire/generated/types.js';
import { ringOf } from './bucket-ring.js';
import { CliError, ExitCode, exitCodeOf } from './exit.js';
import { counted } from './output.js';
import type { Remedies } from './remedies.js';
import { defaultBucket, type RequestSubject } from './request-flags.js';
import { bucketsOf, unknownBucket, unknownNode } from './unknown.js';

/** How long to wait for the view of the cluster that completes the message, in milliseconds. */
const viewTimeoutMs = 500;
/** What may be the name of a bucket, as the schemas have it. */
const bucketForm = /^[A-Za-z0-9_-]{1,64}$/;

export interface Listener {
  client: Pick<Client, 'cluster'>;
  say: Remedies;
}

/** The same failure with the best line for it; any other failure as it is. */
export async function explained(
  error: unknown,
  subject: RequestSubject,
  { client, say }: Listener,
): Promise<unknown> {
  if (error instanceof WriteTimeoutError && error.version !== undefined)
    return new CliError(exitCodeOf(error), timeoutLine(error, subject, say), { cause: error });
  if (error instanceof InvalidRequestError && error.field === 'bucket')
    return wrongBucket(error, subject, client);
  if (!(error instanceof UnavailableError)) return error;
  const view = await client.cluster({ timeoutMs: viewTimeoutMs }).catch(() => undefined);
  if (view === undefined && isNobodyThere(error)) {
    const line = `UNAVAILABLE: the broker answers, but no node of Dynats does: start the nodes, or ${say.servers}`;
    return new CliError(exitCodeOf(error), line, { cause: error });
  }
  const absent = view === undefined ? undefined : absentCoordinator(view, subject.via, say);
  if (absent !== undefined) return new CliError(absent.exitCode, absent.line, { cause: error });
  const owners = view === undefined ? undefined : ownersOf(view, subject);
  return new CliError(exitCodeOf(error), unavailableLine(error, subject, { owners, say }), { cause: error });
}

function isNobodyThere({ cause }: UnavailableError): boolean {
  return cause instanceof BusError && cause.kind === 'no-responders';
}

/** A bucket that is not there is named beside those that are; any other fault of its name stays as it was said. */
async function wrongBucket(
  error: InvalidRequestError,
  { bucket }: RequestSubject,
  client: Listener['client'],
): Promise<unknown> {
  const view = await client.cluster({ timeoutMs: viewTimeoutMs }).catch(() => undefined);
  const isKnown = view === undefined || bucketsOf(view.cluster).includes(bucket) || !bucketForm.test(bucket);
  return isKnown ? error : unknownBucket(bucket, view.cluster);
}

function timeoutLine(
  { code, message, version }: WriteTimeoutError,
  { key, bucket }: RequestSubject,
  say: Remedies,
): string {
  const quoted = /^[\w./:-]+$/.test(key) ? key : `'${key.replaceAll("'", "'\\''")}'`;
  const inBucket = bucket === defaultBucket ? '' : ` --bucket ${bucket}`;
  const look = say.shellOnly(`dynats outcome ${version} --key ${quoted}${inBucket}`);
  return `${code}: ${message}: see where it stands (${look}), or repeat the write with ${say.longerTimeout}`;
}

/** Says of a named coordinator that is not there that it is this node, and not the owners, that is missing. */
export function absentCoordinator(
  view: ClusterReply,
  via: string | undefined,
  say: Remedies,
): { exitCode: ExitCode; line: string } | undefined {
  if (via === undefined) return undefined;
  const { nodes } = view.cluster;
  if (!nodes.includes(via)) return { exitCode: ExitCode.Usage, line: unknownNode(via, nodes).message };
  if (view.peers.some(peer => peer.node === via && peer.leaving !== true)) return undefined;
  const line = `UNAVAILABLE: node ${via} is to coordinate and is down: start it (${say.restart(via)}), or name another, or none`;
  return { exitCode: ExitCode.LevelNotReached, line };
}

export interface MissingOwner {
  node: string;
  /** The zone it is in, if nodes have zones. */
  zone: string | undefined;
  /** Why it does not count: down, catching-up, recovering. */
  state: string;
}

/** The owners of a key, as one node sees them. */
export interface Owners {
  count: number;
  /** Those that cannot take part. A recovering replica takes writes, but no reads. */
  missing: readonly MissingOwner[];
  /** Level of a request that names none: the bucket's. */
  levelDefault: Level;
}

export function ownersOf(view: ClusterReply, { key, bucket, kind }: RequestSubject): Owners {
  const states = new Map(
    view.peers.filter(peer => peer.leaving !== true).map(peer => [peer.node, peer.state]),
  );
  const ring = ringOf(view.cluster, bucket);
  const owners = ring.owners(key);
  const missing = owners
    .map(node => ({ node, zone: ring.zoneOf(node), state: states.get(node) ?? 'down' }))
    .filter(({ state }) => state === 'down' || (kind === 'read' && state !== 'serving'));
  return { count: owners.length, missing, levelDefault: levelDefaultOf(view.cluster, bucket) };
}

/** The level of requests to `bucket` that name none. */
export function levelDefaultOf({ buckets = {} }: ClusterDefinition, bucket: string): Level {
  return (Object.hasOwn(buckets, bucket) ? buckets[bucket]?.level : undefined) ?? Level.Quorum;
}

export function unavailableLine(
  { required, alive, zone }: UnavailableError,
  subject: RequestSubject,
  { owners, say }: { owners: Owners | undefined; say: Remedies },
): string {
  const level = subject.level ?? owners?.levelDefault;
  const missing = owners?.missing.filter(each => zone === undefined || each.zone === zone) ?? [];
  const where = zone === undefined ? '' : ` in zone ${zone}`;
  const need = `${level ?? 'the level'} needs ${counted(required, 'owner')} of key ${subject.key}${where}`;
  const down = missing.filter(each => each.state === 'down');
  const orders = [...new Set(down.map(({ node }) => say.restart(node)))].join(', ');
  const start =
    down.length === 0
      ? `see ${say.status} for who is down`
      : `start ${down.length > 1 ? 'them' : 'it'} (${orders})`;
  // Of other zones, too, since the levels advised count owners wherever they are.
  const aliveInAll = owners === undefined ? alive : owners.count - owners.missing.length;
  const lower = reachableLevel(subject.kind, level, { alive: aliveInAll, count: owners?.count });
  const remedies = lower === undefined ? start : `${start}, or try ${say.level(lower)}`;
  return `UNAVAILABLE: ${need}, ${alive} alive${listed(missing)}: ${remedies}`;
}

function listed(missing: readonly MissingOwner[]): string {
  if (missing.length === 0) return '';
  const states = [...new Set(missing.map(each => each.state))];
  const groups = states.map(state => {
    const nodes = missing.filter(each => each.state === state).map(each => each.node);
    return `${nodes.join(', ')} ${state}`;
  });
  return ` (${groups.join('; ')})`;
}

/** The highest level below that of the request which the owners alive are enough for. */
function reachableLevel(
  kind: RequestSubject['kind'],
  level: Level | undefined,
  { alive, count }: { alive: number; count: number | undefined },
): Level | undefined {
  const isQuorumOrLess = level === Level.Quorum || level === Level.One || level === Level.Any;
  if (!isQuorumOrLess && count !== undefined && alive >= requiredOwners(Level.Quorum, count))
    return Level.Quorum;
  if (alive > 0 && level !== Level.One) return Level.One;
  return kind === 'write' && level !== Level.Any ? Level.Any : undefined;
}
