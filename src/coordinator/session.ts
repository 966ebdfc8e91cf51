// Reads and writes of a session. A write adds its version to the session's token; a read is not answered with less than the
// token says the session has seen: owners that have less are passed over for others, until the deadline.
import { InvalidRequestError, ReadTimeoutError } from '../errors.js';
import { parseLife } from '../model/bucket.js';
import { Level } from '../model/level.js';
import { versionText } from '../model/record.js';
import { type Demand, meets, SessionMemory, versionOf } from '../model/session.js';
import type { GetReply, PutReply } from '../wire/generated/types.js';
import type { ReadRequest, WriteRequest } from '../wire/requests.js';
import type { Coordination } from './coordination.js';
import { read } from './read.js';
import type { Trace } from './trace.js';
import { write } from './write.js';

/** Before all owners are asked once more: what the session has seen may be on its way to them. In milliseconds. */
const ASK_AGAIN_MS = 20;

/** As `write`; the reply's token has the version written. */
export async function writeInSession(
  c: Coordination,
  request: WriteRequest,
  deadlineAtMs: number,
  trace?: Trace,
): Promise<PutReply> {
  const memory = memoryOf(request);
  // What the session writes is newer than what it has seen, whatever this node's clock says.
  c.hlc.observe(memory.newestTime());
  const reply = await write(c, request, deadlineAtMs, trace);
  const isDelete = request.value === undefined && request.base64 === undefined;
  // For ANY a hint may be what was acked, and no owner answers reads from that.
  const holders = request.level === Level.Any ? 0 : reply.acked;
  memory.wrote(nameOf(request), request.key, versionOf(reply.version, isDelete), holders);
  return { ...reply, session: memory.token() };
}

/**
 * As `read`, but never with an older version than the session has seen.
 *
 * @throws ReadTimeoutError also when no owner that answered in time has what the session has seen.
 */
export async function readInSession(
  c: Coordination,
  request: ReadRequest,
  deadlineAtMs: number,
  trace?: Trace,
): Promise<GetReply> {
  const memory = memoryOf(request);
  const owners = c.rings.of(request.bucket).owners(request.key);
  const demand = memory.demand(nameOf(request), request.key, owners.length);
  let reply = await read(c, request, deadlineAtMs, trace);
  const { required } = reply;
  if (demand !== undefined && !isEnough(c, demand, reply, owners.length))
    reply = await readOn(c, request, deadlineAtMs, { demand, required, trace });
  // Above ONE a read answers when as many owners as it needs hold what it found.
  if (reply.version !== undefined)
    memory.read(nameOf(request), request.key, versionOf(reply.version, !reply.found), required);
  return { ...reply, required, session: memory.token() };
}

interface Quest {
  readonly demand: Demand;
  /** What the level needs. */
  readonly required: number;
  readonly trace: Trace | undefined;
}

/** Asks one owner more each time, then all of them again and again. */
async function readOn(
  c: Coordination,
  request: ReadRequest,
  deadlineAtMs: number,
  { demand, required, trace }: Quest,
): Promise<GetReply> {
  const owners = c.rings.of(request.bucket).owners(request.key);
  let received = required;
  for (let wanted = required + 1; ; wanted++) {
    const readable = owners.filter(owner => c.liveness.isReadable(owner)).length;
    if (wanted > readable) await pause(c, deadlineAtMs);
    if (c.clock.monotonic() >= deadlineAtMs) throw behind(demand, required, received);
    wanted = Math.max(required, Math.min(wanted, readable));
    try {
      const reply = await read(c, request, deadlineAtMs, trace, wanted);
      if (isEnough(c, demand, reply, owners.length)) return reply;
      received = reply.received;
    } catch (error) {
      // Too few owners for this round: one of them failed meanwhile, and may be back in time.
      if (error instanceof InvalidRequestError || deadlineAtMs <= c.clock.monotonic()) throw error;
      await pause(c, deadlineAtMs);
    }
  }
}

function isEnough(
  { hlc }: Coordination,
  demand: Demand,
  { version, found, received }: GetReply,
  owners: number,
): boolean {
  // Of what was deleted or has expired, and was purged, no owner holds anything. That takes longer than any write.
  const mayBePurged = version === undefined && hlc.isTooOld(demand.version.time);
  const wasDeleted = demand.answers === Number.POSITIVE_INFINITY && demand.version.deleted === true;
  if (mayBePurged && (wasDeleted || received >= owners)) return true;
  return meets(demand, version === undefined ? null : versionOf(version, !found), received);
}

function pause({ clock }: Coordination, deadlineAtMs: number): Promise<void> {
  const forMs = Math.min(ASK_AGAIN_MS, Math.max(0, deadlineAtMs - clock.monotonic()));
  return new Promise(done => clock.after(forMs, done));
}

function behind({ version }: Demand, required: number, received: number): ReadTimeoutError {
  return new ReadTimeoutError(
    required,
    Math.min(required, received),
    `no owner that answered in time has what this session has seen: version ${versionText(version)} or a newer one`,
  );
}

/** Tokens tell keys apart by what clients call the bucket. */
function nameOf({ bucket }: ReadRequest | WriteRequest): string {
  return parseLife(bucket).name;
}

function memoryOf({ session = '' }: ReadRequest | WriteRequest): SessionMemory {
  try {
    return SessionMemory.parse(session);
  } catch (cause) {
    throw new InvalidRequestError('session', 'session is not a token that this store gave', { cause });
  }
}
