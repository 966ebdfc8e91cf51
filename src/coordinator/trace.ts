// The receipt of one request while it is being carried out: who was asked, who answered what and when, what was repaired and
// hinted. Exists only for requests that ask for it; the paths of all others check for undefined and do nothing.
import { DynatsError } from '../errors.js';
import { parseLife } from '../model/bucket.js';
import { type Need, needText } from '../model/need.js';
import { type Version, versionText } from '../model/record.js';
import type { Span } from '../ports.js';
import type { GetReply, PutReply, Receipt } from '../wire/generated/types.js';
import type { ReadRequest, WriteRequest } from '../wire/requests.js';
import type { Coordination } from './coordination.js';
import { RequestSpans } from './request-spans.js';
import type { Samples } from './samples.js';

type Owner = Receipt['owners'][number];
type Hint = Receipt['hints'][number];

const WHY_MAX = 2000;

export class Trace {
  private readonly startedAtMs: number;
  private readonly owners = new Map<string, Owner>();
  private readonly hints = new Map<string, Hint>();
  private readonly spans: RequestSpans | undefined;
  private version: string | undefined;
  private need: Need = [];
  /** Without the value: a sample is kept for a while. */
  private readonly request: Pick<ReadRequest | WriteRequest, 'kind' | 'bucket' | 'key' | 'level'>;

  constructor(
    private readonly c: Coordination,
    { kind, bucket, key, level }: ReadRequest | WriteRequest,
    span?: Span,
  ) {
    this.spans = span === undefined ? undefined : new RequestSpans(span);
    this.startedAtMs = c.clock.monotonic();
    this.request = { kind, bucket, key, level };
    for (const node of c.rings.find(bucket)?.owners(key) ?? [])
      this.owners.set(node, { node, state: this.before(node) });
    span?.set({
      'dynats.coordinator': c.writer,
      'dynats.owners': [...this.owners.keys()],
      'dynats.owners.down': [...this.owners.values()].flatMap(({ node, state }) =>
        state === 'down' ? [node] : [],
      ),
    });
  }

  /** What the level asks for. */
  needs(need: Need): void {
    this.need = need;
  }

  /** The version that the write was given. */
  stamped(version: Version): void {
    this.version = versionText(version);
  }

  asked(node: string): void {
    // A session may ask an owner again; what it said before stays until it answers anew.
    const { state } = this.owner(node);
    if (state !== 'answered') this.owner(node).state = 'waiting';
    this.spans?.begin(this.step, node);
  }

  answered(node: string, holds: Version | null): void {
    const held = holds === null ? null : heldOf(holds);
    Object.assign(this.owner(node), { state: 'answered', holds: held, tookMs: this.tookMs() });
    const version = held === null ? {} : { 'dynats.version': versionText(held) };
    this.spans?.end(this.step, node, { 'dynats.outcome': 'answered', ...version });
  }

  acked(node: string): void {
    Object.assign(this.owner(node), { state: 'acked', tookMs: this.tookMs() });
    this.spans?.end(this.step, node, { 'dynats.outcome': 'acked' });
  }

  failed(node: string): void {
    Object.assign(this.owner(node), { state: 'failed', tookMs: this.tookMs() });
    this.spans?.end(this.step, node, { 'dynats.outcome': 'failed' });
  }

  repairing(node: string): void {
    this.owner(node).repair = 'waiting';
    this.spans?.begin('repair', node);
  }

  repaired(node: string, isAcked: boolean): void {
    this.owner(node).repair = isAcked ? 'acked' : 'failed';
    this.spans?.end('repair', node, { 'dynats.outcome': isAcked ? 'acked' : 'failed' });
  }

  hinting(target: string): void {
    this.hints.set(target, { target, state: 'waiting' });
    this.spans?.begin('hint', target);
  }

  /** @param holder the node that keeps the hint; undefined when none would. */
  hinted(target: string, holder: string | undefined): void {
    const tookMs = this.tookMs();
    this.hints.set(
      target,
      holder === undefined
        ? { target, state: 'refused', tookMs }
        : { target, holder, state: 'stored', tookMs },
    );
    this.spans?.end('hint', target, {
      'dynats.outcome': holder === undefined ? 'refused' : 'stored',
      ...(holder === undefined ? {} : { 'dynats.holder': holder }),
    });
  }

  /** What is known by now. */
  receipt(met: boolean, why: string, version = this.version): Receipt {
    const { kind, bucket, key, level } = this.request;
    return {
      kind,
      bucket: parseLife(bucket).name,
      key,
      level,
      coordinator: this.c.writer,
      ...(version === undefined ? {} : { version }),
      met,
      why: why.slice(0, WHY_MAX),
      tookMs: this.tookMs(),
      ...this.now(),
    };
  }

  /** What is known by now of the owners and the hints, which goes on behind the answer. */
  now(): Pick<Receipt, 'owners' | 'hints'> {
    return {
      owners: [...this.owners.values()].map(owner => ({ ...owner })),
      hints: [...this.hints.values()],
    };
  }

  whyMet(reply: PutReply | GetReply): string {
    const [count, did] = 'acked' in reply ? [reply.acked, 'stored it'] : [reply.received, 'answered'];
    return `${reply.level} needs ${needText(this.need)}: ${this.countsOf(count)} ${did}`;
  }

  /** How many owners met each part of a level by zone; `all` for the other levels. */
  private countsOf(all: number): string {
    const hasMet = (node: string) => ['acked', 'answered'].includes(this.owner(node).state);
    return this.need
      .map(({ zone, owners }) => (zone === undefined ? all : owners.filter(hasMet).length))
      .join(' and ');
  }

  /** What an owner is asked to do. */
  private get step(): 'append' | 'read' {
    return this.request.kind === 'write' ? 'append' : 'read';
  }

  private before(node: string): Owner['state'] {
    const { liveness } = this.c;
    if (!liveness.isWritable(node)) return 'down';
    return this.request.kind === 'read' && !liveness.isReadable(node) ? 'not-readable' : 'not-asked';
  }

  private owner(node: string): Owner {
    const known = this.owners.get(node);
    if (known !== undefined) return known;
    const added: Owner = { node, state: 'not-asked' };
    this.owners.set(node, added);
    return added;
  }

  private tookMs(): number {
    return Math.round((this.c.clock.monotonic() - this.startedAtMs) * 1000) / 1000;
  }
}

/** Who looks on, beside whoever asked for a receipt. */
export interface Followers {
  readonly samples?: Samples | undefined;
  /** Of the request, where it is traced. */
  readonly span?: Span | undefined;
}

/** Carries out a request that asks for a receipt, so that the reply has it, or the error; or one that others follow. */
export async function traced<Reply extends PutReply | GetReply>(
  c: Coordination,
  request: ReadRequest | WriteRequest,
  run: (trace: Trace) => Promise<Reply>,
  { samples, span }: Followers = {},
): Promise<Reply> {
  const trace = new Trace(c, request, span);
  const isWanted = request.trace === true;
  try {
    const reply = await run(trace);
    const receipt = trace.receipt(true, trace.whyMet(reply), reply.version);
    samples?.keep(trace, receipt);
    return isWanted ? { ...reply, receipt } : reply;
  } catch (error) {
    if (error instanceof DynatsError) {
      const receipt = trace.receipt(false, `${error.code}: ${error.message}`);
      samples?.keep(trace, receipt);
      if (isWanted) error.receipt = receipt;
    }
    throw error;
  }
}

function heldOf({ time, writer, deleted }: Version): Version {
  return deleted === true ? { time, writer, deleted } : { time, writer };
}
