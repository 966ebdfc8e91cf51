// Says of a refused request which owners are missing and what to do about it.
import type { Client } from '../client/client.js';
import { UnavailableError, WriteTimeoutError } from '../errors.js';
import type { ClusterReply } from '../wire/generated/types.js';
import { ringOf } from './bucket-ring.js';
import { CliError, ExitCode, exitCodeOf } from './exit.js';
import { defaultBucket, type RequestSubject } from './request-flags.js';

/** How long to wait for the view of the cluster that completes the message, in milliseconds. */
const viewTimeoutMs = 500;

/** The same failure with the best line for it; any other failure as it is. */
export async function explained(error: unknown, client: Client, subject: RequestSubject): Promise<unknown> {
  if (error instanceof WriteTimeoutError && error.version !== undefined)
    return new CliError(exitCodeOf(error), timeoutLine(error, error.version, subject), { cause: error });
  if (!(error instanceof UnavailableError)) return error;
  const view = await client.cluster({ timeoutMs: viewTimeoutMs }).catch(() => undefined);
  const absent = view === undefined ? undefined : absentCoordinator(view, subject.via);
  if (absent !== undefined) return new CliError(absent.exitCode, absent.line, { cause: error });
  const missing = view === undefined ? [] : missingOwners(view, subject, error.zone);
  return new CliError(exitCodeOf(error), unavailableLine(error, subject, missing), { cause: error });
}

function timeoutLine(
  { code, message }: WriteTimeoutError,
  version: string,
  { key, bucket }: RequestSubject,
): string {
  const quoted = /^[\w./:-]+$/.test(key) ? key : `'${key.replaceAll("'", "'\\''")}'`;
  const inBucket = bucket === defaultBucket ? '' : ` --bucket ${bucket}`;
  return `${code}: ${message}: see where it stands (dynats outcome ${version} --key ${quoted}${inBucket}), or repeat the write with a longer --timeout`;
}

/** Says of a named coordinator that is not there that it is this node, and not the owners, that is missing. */
export function absentCoordinator(
  view: ClusterReply,
  via: string | undefined,
): { exitCode: ExitCode; line: string } | undefined {
  if (via === undefined) return undefined;
  const { nodes } = view.cluster;
  if (!nodes.includes(via))
    return { exitCode: ExitCode.Usage, line: `there is no node ${via}: the cluster has ${nodes.join(', ')}` };
  if (view.peers.some(peer => peer.node === via && peer.leaving !== true)) return undefined;
  const line = `UNAVAILABLE: node ${via} is to coordinate and is down: start it (dynats restart ${via}), or name another, or none`;
  return { exitCode: ExitCode.LevelNotReached, line };
}

export interface MissingOwner {
  node: string;
  /** Why it does not count: down, catching-up, recovering. */
  state: string;
}

/** The owners of the key, in `zone` if one is given, that cannot take part, as one node sees it. A recovering replica takes writes, but no reads. */
export function missingOwners(
  view: ClusterReply,
  { key, bucket, kind }: RequestSubject,
  zone?: string,
): MissingOwner[] {
  const states = new Map(
    view.peers.filter(peer => peer.leaving !== true).map(peer => [peer.node, peer.state]),
  );
  const ring = ringOf(view.cluster, bucket);
  return ring
    .owners(key)
    .filter(node => zone === undefined || ring.zoneOf(node) === zone)
    .map(node => ({ node, state: states.get(node) ?? 'down' }))
    .filter(({ state }) => state === 'down' || (kind === 'read' && state !== 'serving'));
}

export function unavailableLine(
  { required, alive, zone }: UnavailableError,
  subject: RequestSubject,
  missing: readonly MissingOwner[],
): string {
  const owners = `${required} owner${required === 1 ? '' : 's'}`;
  const where = zone === undefined ? '' : ` in zone ${zone}`;
  const need = `UNAVAILABLE: ${subject.level} needs ${owners} of key ${subject.key}${where}, ${alive} alive${listed(missing)}`;
  return `${need}: ${remedies(subject, alive, missing).join(', or ')}`;
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

function remedies(
  { kind, level }: RequestSubject,
  alive: number,
  missing: readonly MissingOwner[],
): string[] {
  const down = missing.find(each => each.state === 'down');
  const start =
    down === undefined
      ? 'see dynats status for who is down'
      : `start ${missing.length > 1 ? 'them' : 'it'} (dynats restart ${down.node})`;
  if (alive > 0 && level !== 'ONE') return [start, 'try --level one'];
  return kind === 'write' && level !== 'ANY' ? [start, 'try --level any'] : [start];
}
