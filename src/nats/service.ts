// NATS service discovery (ADR-32): makes a node's endpoints visible to `nats micro ls|info|stats|ping`, answers requests
// with replies or error headers, and keeps the statistics.
import type { Bus, Logger, Message, Subscription } from '../ports.js';
import { errorHeaders, toErrorReply } from '../wire/error-reply.js';
import { encodeJson } from '../wire/json.js';
import { isInbox, isUserInbox } from '../wire/subjects.js';

export interface Endpoint {
  readonly name: string;
  readonly subject: string;
  /** Queue group that shares the subject; undefined when every instance answers its own. */
  readonly queue?: string;
  /** Whether nodes ask it too; else no answer goes to a node's inbox. Default false. */
  readonly isForNodes?: boolean;
  /**
   * @param header of the request; undefined unless the service has headers.
   * @returns the reply. A DynatsError becomes an error reply, anything else an internal one.
   */
  readonly handle: (data: Uint8Array, header?: (name: string) => string | undefined) => Promise<object>;
}

export interface ServiceOptions {
  readonly bus: Bus;
  readonly name: string;
  readonly id: string;
  readonly version: string;
  readonly description: string;
  readonly metadata: Record<string, string>;
  readonly endpoints: readonly Endpoint[];
  readonly logger: Logger;
  /** Whether handlers are given the headers of requests; default false. */
  readonly hasHeaders?: boolean;
  /** Called for each request that is dropped unanswered. */
  readonly onDropped: (reason: 'noReply' | 'badReply') => void;
}

interface Statistics {
  num_requests: number;
  num_errors: number;
  last_error: string;
  processing_time: number;
}

const NO_QUEUE = '';

export class Service {
  private readonly started = new Date().toISOString();
  private readonly subscriptions: Subscription[] = [];
  private readonly statistics = new Map<Endpoint, Statistics>();
  private underWay = 0;
  private idle: () => void = () => {};

  constructor(private readonly options: ServiceOptions) {}

  start(): void {
    const { bus, name, id, endpoints, hasHeaders = false } = this.options;
    for (const endpoint of endpoints) {
      this.statistics.set(endpoint, { num_requests: 0, num_errors: 0, last_error: '', processing_time: 0 });
      const { subject, queue } = endpoint;
      const options = queue === undefined ? { hasHeaders } : { queue, hasHeaders };
      this.subscriptions.push(bus.subscribe(subject, message => void this.serve(endpoint, message), options));
    }
    const discovery: [string, () => object][] = [
      ['PING', () => this.identity('ping_response')],
      ['INFO', () => this.info()],
      ['STATS', () => this.stats()],
    ];
    for (const [verb, answer] of discovery)
      for (const suffix of ['', `.${name}`, `.${name}.${id}`])
        this.subscriptions.push(
          bus.subscribe(`$SRV.${verb}${suffix}`, message => {
            if (message.reply !== undefined && isUserInbox(message.reply))
              bus.publish(message.reply, encodeJson(answer()));
          }),
        );
  }

  /** Takes no more requests; resolves when those under way are answered. */
  async stop(): Promise<void> {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.subscriptions.length = 0;
    if (this.underWay > 0) await new Promise<void>(done => (this.idle = done));
  }

  /** What has been asked of each endpoint since the start. */
  usage(): { endpoint: string; requests: number; errors: number; seconds: number }[] {
    return [...this.statistics].map(([{ name }, statistics]) => ({
      endpoint: name,
      requests: statistics.num_requests,
      errors: statistics.num_errors,
      seconds: statistics.processing_time / 1e9,
    }));
  }

  private async serve(endpoint: Endpoint, message: Message): Promise<void> {
    const { bus, logger, onDropped } = this.options;
    const { reply } = message;
    // Before any work: an answer nobody can get is not worth it, and one sent elsewhere does somebody else's work.
    const belongs = endpoint.isForNodes === true ? isInbox : isUserInbox;
    if (reply === undefined || !belongs(reply)) {
      onDropped(reply === undefined ? 'noReply' : 'badReply');
      return;
    }
    const statistics = this.statistics.get(endpoint);
    const startedAt = performance.now();
    this.underWay++;
    try {
      bus.publish(reply, encodeJson(await endpoint.handle(message.data, message.header)));
    } catch (error) {
      const body = toErrorReply(error);
      if (body.error.code === 'INTERNAL')
        logger.error({ error, endpoint: endpoint.name }, 'a request failed unexpectedly');
      bus.publish(reply, encodeJson(body), { headers: errorHeaders(body) });
      if (statistics !== undefined) {
        statistics.num_errors++;
        statistics.last_error = `${body.error.code}: ${body.error.message}`;
      }
    }
    if (statistics !== undefined) {
      statistics.num_requests++;
      statistics.processing_time += Math.round((performance.now() - startedAt) * 1e6);
    }
    this.underWay--;
    if (this.underWay === 0) this.idle();
  }

  private identity(type: string): object {
    const { name, id, version, metadata } = this.options;
    return { type: `io.nats.micro.v1.${type}`, name, id, version, metadata };
  }

  private info(): object {
    return {
      ...this.identity('info_response'),
      description: this.options.description,
      endpoints: this.options.endpoints.map(({ name, subject, queue }) => ({
        name,
        subject,
        queue_group: queue ?? NO_QUEUE,
        metadata: {},
      })),
    };
  }

  private stats(): object {
    return {
      ...this.identity('stats_response'),
      started: this.started,
      endpoints: this.options.endpoints.map(endpoint => {
        const statistics = this.statistics.get(endpoint);
        const requests = statistics?.num_requests ?? 0;
        return {
          name: endpoint.name,
          subject: endpoint.subject,
          queue_group: endpoint.queue ?? NO_QUEUE,
          ...statistics,
          average_processing_time:
            requests === 0 ? 0 : Math.round((statistics?.processing_time ?? 0) / requests),
        };
      }),
    };
  }
}
