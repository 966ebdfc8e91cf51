// Keeps a catalog up to date: a heartbeat whose checksum of the bucket definitions is another says that its node knows
// something else, and it is asked for what. So a node that was away learns of a drop before it is asked for the bucket.
import { BUCKETS } from '../model/bucket.js';
import type { Bus, Clock } from '../ports.js';
import type { Presence, WireRecord } from '../wire/generated/types.js';
import { recordsReply } from '../wire/generated/validators.js';
import { decodeReply, encodeJson } from '../wire/json.js';
import { subjects } from '../wire/subjects.js';
import type { Catalog } from './catalog.js';
import type { Liveness } from './liveness.js';

export interface CatalogSyncOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly liveness: Liveness;
  readonly catalog: Catalog;
  /** Told of records that were news here. */
  readonly onNews: (records: readonly WireRecord[]) => void;
}

const TIMEOUT_MS = 1000;
/** Between two questions to one peer that differs, in milliseconds. */
const PERIOD_MS = 500;
/** Definitions in one page; pages end early when they would outgrow a message. */
const PAGE_LIMIT = 512;

export class CatalogSync {
  private readonly askedAtMs = new Map<string, number>();
  private readonly asking = new Set<string>();

  constructor(private readonly options: CatalogSyncOptions) {
    options.liveness.onPresence(presence => this.heard(presence));
  }

  /** Whether an answer is being waited for. */
  get isBusy(): boolean {
    return this.asking.size > 0;
  }

  /** Takes up everything `node` knows. @throws when it does not answer. */
  async pull(node: string): Promise<void> {
    const news: WireRecord[] = [];
    for await (const record of definitionsOf(this.options.bus, node))
      if (this.options.catalog.learn(record)) news.push(record);
    if (news.length > 0) this.options.onNews(news);
  }

  private heard({ node, buckets }: Presence): void {
    const { catalog, clock } = this.options;
    if (buckets === undefined || buckets === catalog.checksum || this.asking.has(node)) return;
    const now = clock.monotonic();
    if (now - (this.askedAtMs.get(node) ?? Number.NEGATIVE_INFINITY) < PERIOD_MS) return;
    this.askedAtMs.set(node, now);
    this.asking.add(node);
    // A peer that does not answer is asked again at a later heartbeat.
    void this.pull(node)
      .catch(() => {})
      .then(() => this.asking.delete(node));
  }
}

/** Every definition that `node` holds, dropped buckets too. */
export async function* definitionsOf(bus: Bus, node: string): AsyncGenerator<WireRecord> {
  let after: string | undefined;
  for (;;) {
    const request = { bucket: BUCKETS, limit: PAGE_LIMIT, ...(after === undefined ? {} : { after }) };
    const reply = await bus.request(subjects.node(node, 'records'), encodeJson(request), TIMEOUT_MS);
    const page = decodeReply(recordsReply, reply.data);
    yield* page.records;
    after = page.records.at(-1)?.key;
    if (!page.more || after === undefined) return;
  }
}
