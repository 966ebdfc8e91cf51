// Scans of a client: pages are asked for as they are wanted, each through whichever node answers.
import type { Coordinator } from '../coordinator/coordinator.js';
import { DynatsError, InvalidRequestError, ReadTimeoutError, UnavailableError } from '../errors.js';
import { type Bus, BusError } from '../ports.js';
import type { ScanReply, ScanRequest } from '../wire/generated/types.js';
import { scanReply } from '../wire/generated/validators.js';
import { encodeJson } from '../wire/json.js';
import { readReply } from '../wire/reply.js';
import { checkScan } from '../wire/scan.js';
import { apiSubject } from '../wire/subjects.js';
import type { RequestOptions } from './client.js';
import type { Coordinators } from './coordinators.js';
import { Entry } from './entry.js';
import { forbidden } from './forbidden.js';

/** Which keys to list, in the order of their UTF-8 bytes; all of the bucket by default. */
export interface ScanOptions extends RequestOptions {
  /** Only keys that begin so. */
  prefix?: string;
  /** The first key, if it is there; a number means its decimal string. Keys are in the order of their UTF-8 bytes. */
  from?: string | number;
  /** Up to this key, but without it. */
  to?: string | number;
  /** Most entries in all; default all. */
  limit?: number;
  /** Most entries asked for at once, 1 to 4096; default 1000. */
  pageSize?: number;
}

/** As a scan, but all pages come: `pageSize` is all that limits them. */
export interface ScanPageOptions extends Omit<ScanOptions, 'limit'> {
  /** Leave the values out; default false. */
  keysOnly?: boolean;
  /** Show tombstones too; default false. */
  deleted?: boolean;
}

export interface ScanPagesOptions {
  readonly bus: Bus;
  readonly coordinators: Coordinators;
  /** In mode `direct`, the coordinator of this client. */
  readonly coordinator: () => Coordinator | undefined;
  /** Whether the nodes' heartbeats may not have reached this client since its connection was lost. */
  readonly isOutOfTouch: () => boolean;
  /** Nodes of the cluster, as far as known. */
  readonly nodes: () => readonly string[];
  /** Now by the nodes' clocks, in milliseconds since 1970; undefined while none is known. */
  readonly nodesNow: () => number | undefined;
}

/** How to ask for one page. */
export interface PageOptions {
  /** Deadline of the page, retries included, in milliseconds. */
  readonly timeoutMs: number;
  /** The only node to ask; any when undefined. */
  readonly via: string | undefined;
}

/** First a node has this long to answer, then twice as long, and so on, in milliseconds. */
const ATTEMPT_MS = 1000;
/** Between tries that failed at once, in milliseconds. */
const BACKOFF_MS = 20;
/** With nobody listening, how long to hope for a node to come up, in milliseconds. */
const NOBODY_PATIENCE_MS = 500;
/** Other nodes asked whether they see too few owners alive, too. */
const SECOND_OPINIONS = 2;
const PAGE_SIZE_DEFAULT = 1000;

interface Tries {
  refusals: number;
  refusal: UnavailableError | undefined;
  /** Tries that reached nobody. */
  absent: number;
}

export class ScanPages {
  /** Whom the next try goes to, once a first one has failed. */
  private turn = 0;

  constructor(private readonly options: ScanPagesOptions) {}

  /** @throws DynatsError */
  async page(request: ScanRequest, { timeoutMs, via }: PageOptions): Promise<ScanReply> {
    const scan = checkScan(request);
    const startedAtMs = performance.now();
    const deadlineAtMs = startedAtMs + timeoutMs;
    const tries: Tries = { refusals: 0, refusal: undefined, absent: 0 };
    const { coordinators } = this.options;
    let node = via ?? coordinators.next();
    for (let attemptMs = ATTEMPT_MS; ; attemptMs *= 2) {
      const leftMs = deadlineAtMs - performance.now();
      try {
        const coordinator = via === undefined ? this.options.coordinator() : undefined;
        if (coordinator !== undefined) return await coordinator.scan(scan, leftMs);
        const page = this.ask(request, node, Math.min(attemptMs, leftMs));
        const ended = page.then(
          () => {},
          () => {},
        );
        if (via === undefined && !(await coordinators.isAnswered(ended, node, leftMs)))
          throw new BusError('timeout', 'dynats.scan');
        return await page;
      } catch (error) {
        const isFinal = this.isFinal(error, tries, { via, startedAtMs });
        if (isFinal || deadlineAtMs - performance.now() <= 2 * BACKOFF_MS)
          throw tries.refusal ?? failureOf(error);
      }
      await new Promise(done => setTimeout(done, BACKOFF_MS));
      node = via ?? coordinators.named(this.turn++, node);
    }
  }

  /** Whether another try is of no use. */
  private isFinal(
    error: unknown,
    tries: Tries,
    { via, startedAtMs }: { via: string | undefined; startedAtMs: number },
  ): boolean {
    const { nodes, coordinator, isOutOfTouch } = this.options;
    const isLate = error instanceof InvalidRequestError && error.field === 'deadline';
    if (isLate || error instanceof ReadTimeoutError) return false;
    if (error instanceof UnavailableError) {
      if (via === undefined && coordinator() !== undefined) return !isOutOfTouch();
      tries.refusal = error;
      // A node that has just come back may not have heard its peers yet.
      return via !== undefined || tries.refusals++ >= SECOND_OPINIONS;
    }
    if (!(error instanceof BusError) || error.kind === 'forbidden') return true;
    if (error.kind !== 'no-responders') return false;
    const asked = via === undefined ? Math.max(1, nodes().length) : 1;
    const isNobodyThere = ++tries.absent >= asked && performance.now() - startedAtMs > NOBODY_PATIENCE_MS;
    return tries.refusal !== undefined || isNobodyThere;
  }

  /** All pages, one after the other. */
  async *pages(request: ScanRequest, options: PageOptions): AsyncGenerator<ScanReply> {
    let next: string | undefined;
    do {
      const page: ScanReply = await this.page(
        { ...request, ...(next === undefined ? {} : { next }) },
        options,
      );
      yield page;
      ({ next } = page);
    } while (next !== undefined);
  }

  private async ask(request: ScanRequest, node: string | undefined, leftMs: number): Promise<ScanReply> {
    const subject = apiSubject('scan', node);
    const timeoutMs = Math.max(1, Math.ceil(leftMs));
    const nodesNow = this.options.nodesNow();
    const deadline = nodesNow === undefined ? {} : { deadline: Math.ceil(nodesNow + timeoutMs) };
    const data = encodeJson({ ...request, timeoutMs, ...deadline });
    return readReply(scanReply, (await this.options.bus.request(subject, data, timeoutMs)).data);
  }
}

/** What is wanted of a scan, without the values if so. */
export function requestOf(options: ScanOptions & ScanPageOptions, bucket: string): ScanRequest {
  const { prefix, from, to, limit, level, pageSize = PAGE_SIZE_DEFAULT, keysOnly = false, deleted } = options;
  return {
    bucket,
    ...(prefix === undefined ? {} : { prefix }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(level === undefined ? {} : { level }),
    limit: Math.min(pageSize, limit ?? pageSize),
    keysOnly,
    ...(deleted === true ? { deleted } : {}),
  };
}

/** At most `limit` of the records of all pages. */
export async function* recordsOf(
  pages: AsyncIterable<ScanReply>,
  limit = Number.POSITIVE_INFINITY,
): AsyncGenerator<ScanReply['records'][number]> {
  let left = limit;
  for await (const { records } of pages)
    for (const record of records) {
      yield record;
      if (--left <= 0) return;
    }
}

/** A record that is there, with its value, as an entry. */
export function entryOf(
  bucket: string,
  { key, version, value, base64 }: ScanReply['records'][number],
): Entry {
  return new Entry(bucket, key, version, value, base64);
}

function failureOf(error: unknown): unknown {
  if (!(error instanceof BusError)) return error;
  if (error.kind === 'forbidden') return forbidden(error);
  const cause = { cause: error };
  return error.kind === 'no-responders'
    ? new UnavailableError(1, 0, 'no node of the cluster answers: is it up?', cause)
    : error.kind === 'timeout'
      ? new ReadTimeoutError(1, 0, 'no node answered in time', cause)
      : new DynatsError('CLOSED', 'the connection is closed or cut off', 'none', cause);
}
