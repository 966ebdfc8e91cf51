// What the cluster of a walk says when it is asked: whether a step has happened is judged by this, not by what was typed.

import type { Client } from '../../client/client.js';
import { connect } from '../../client/connect.js';
import type { Ring } from '../../model/ring.js';
import type { ClusterDefinition, Level } from '../../wire/generated/types.js';
import { ringOf } from '../bucket-ring.js';
import { defaultBucket } from '../request-flags.js';

/** A node that does not answer in this time is down, or frozen; in milliseconds. */
const askLimitMs = 1000;

export type Kind = 'read' | 'write';

/** What a node has coordinated since it started. */
export interface Counted {
  readonly node: string;
  readonly kind: Kind;
  readonly level: Level;
  readonly answered: number;
  readonly failed: number;
}

export class Facts {
  private readonly clients = new Map<string, Client>();
  private readonly ring: Ring;

  /** @param urlsOf how a node is reached on its own side of a cut. */
  constructor(
    private readonly cluster: ClusterDefinition,
    private readonly urlsOf: (node: string) => string[],
  ) {
    this.ring = ringOf(cluster, defaultBucket);
  }

  get nodes(): readonly string[] {
    return this.cluster.nodes;
  }

  /** The owners of a key, in the order of the ring. */
  owners(key: string): readonly string[] {
    return this.ring.owners(key);
  }

  /** The value that a node holds of a key: undefined when it holds none, or cannot be asked. */
  async copy(node: string, key: string): Promise<string | undefined> {
    const reply = await this.ask(node, client =>
      client.records(node, { keys: [key] }, { timeoutMs: askLimitMs }),
    );
    return reply?.records.find(record => record.key === key)?.value;
  }

  /** Whether the node answers. */
  async isUp(node: string): Promise<boolean> {
    return (await this.statusOf(node)) !== undefined;
  }

  /** Hint entries kept for a node, on all that can be asked. */
  async hintsFor(target: string): Promise<number> {
    const held = await Promise.all(this.nodes.map(node => this.held(node, target)));
    return held.reduce((sum, count) => sum + count, 0);
  }

  /** The nodes that keep hints for another. */
  async holdersFor(target: string): Promise<string[]> {
    const held = await Promise.all(this.nodes.map(node => this.held(node, target)));
    return this.nodes.filter((_, i) => (held[i] ?? 0) > 0);
  }

  /** Hint entries that the nodes have delivered since they started. */
  async delivered(): Promise<number> {
    const states = await Promise.all(this.nodes.map(node => this.statusOf(node)));
    return states.reduce((sum, status) => sum + (status?.hints.delivered ?? 0), 0);
  }

  /** Records that reads have appended to owners that were stale. */
  async repairs(): Promise<number> {
    const replies = await Promise.all(this.nodes.map(node => this.requests(node)));
    return replies.reduce((sum, reply) => sum + (reply?.repairs.acked ?? 0), 0);
  }

  /** Whether the delivery of hints to the node is paused on every node that answers. */
  async isPausedFor(target: string): Promise<boolean> {
    const replies = await Promise.all(
      this.nodes.map(node =>
        this.ask(node, client => client.hints(node, { action: 'list' }, { timeoutMs: askLimitMs })),
      ),
    );
    const known = replies.filter(reply => reply !== undefined);
    return known.length > 0 && known.every(({ policy }) => policy.paused.includes(target));
  }

  /** What every node has coordinated. */
  async counts(): Promise<Counted[]> {
    const replies = await Promise.all(this.nodes.map(node => this.requests(node)));
    return replies.flatMap(reply =>
      (reply?.counts ?? []).map(count => ({ node: reply?.node ?? '', ...count })),
    );
  }

  /** The other nodes that `node` thinks can take a write; undefined when it cannot be asked. */
  async seenBy(node: string): Promise<string[] | undefined> {
    const peers = Object.entries((await this.statusOf(node))?.peers ?? {});
    return peers.filter(([peer, { writable }]) => writable && peer !== node).map(([peer]) => peer);
  }

  /** Asks over a connection to the node's own bus server. @returns undefined when there is no answer. */
  async ask<T>(node: string, question: (client: Client) => Promise<T>): Promise<T | undefined> {
    try {
      return await question(await this.client(node));
    } catch {
      // Down, frozen, or just gone: that is the answer. The next question comes over a new connection.
      await this.drop(node);
      return undefined;
    }
  }

  /** A connection to the node's own bus server. @throws ClosedError when there is none to be had. */
  async client(node: string): Promise<Client> {
    return this.clients.get(node) ?? (await this.open(node));
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients.keys()].map(node => this.drop(node)));
  }

  private async open(node: string): Promise<Client> {
    const client = await connect({
      servers: this.urlsOf(node),
      name: 'dynats learn',
      connectTimeoutMs: askLimitMs,
      nats: { reconnect: false },
    });
    this.clients.set(node, client);
    return client;
  }

  private async drop(node: string): Promise<void> {
    const client = this.clients.get(node);
    this.clients.delete(node);
    await client?.close().catch(() => {});
  }

  private statusOf(node: string) {
    return this.ask(node, client => client.status(node, { timeoutMs: askLimitMs }));
  }

  private requests(node: string) {
    return this.ask(node, client => client.requests(node, {}, { timeoutMs: askLimitMs }));
  }

  private async held(node: string, target: string): Promise<number> {
    return (await this.statusOf(node))?.hints.held[target] ?? 0;
  }
}
