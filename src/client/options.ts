// How to reach the brokers, and in which mode.
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';

/** `api`: any node coordinates. `direct`: this process coordinates, which saves two hops. */
export const Mode = { Api: 'api', Direct: 'direct' } as const;
export type Mode = (typeof Mode)[keyof typeof Mode];

/**
 * Where the cluster is and how to talk to it. Everything has a default; in browsers `servers` has none,
 * and is a WebSocket address.
 */
export interface ConnectOptions {
  /** URLs of the bus, default nats://127.0.0.1:4222. All are tried. */
  servers?: string | string[];
  /**
   * A connection to the bus that is there already; `servers`, `name`, `connectTimeoutMs` and `nats` are not used then, but for
   * `nats.inboxPrefix`. It stays open when the client is closed.
   */
  connection?: NatsConnection;
  /** Default `api`. */
  mode?: Mode;
  /** Default timeout of a call in milliseconds, default 2000. */
  timeoutMs?: number;
  /** Default bucket, default `default`. */
  bucket?: string;
  /** The zone this client is in: what LOCAL_QUORUM means, and in direct mode whom reads ask first. */
  zone?: string;
  /** How long to try to connect, in milliseconds, default 5000. */
  connectTimeoutMs?: number;
  /**
   * In mode `direct`: whether to connect to the nodes' log brokers too, where they say how. Default true, unless `nats`
   * or a URL holds credentials: they would be sent to servers that heartbeats name. False with a `connection`.
   */
  shortcuts?: boolean;
  /** Name shown by the broker for this connection. */
  name?: string;
  /** Anything else the NATS client takes: authenticator, tls, inboxPrefix... */
  nats?: NodeConnectionOptions;
}
