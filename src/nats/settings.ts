// What Dynats relies on in a connection, however it is made, and how it says that there is none.
import type { ConnectionOptions } from '@nats-io/nats-core';
import { ClosedError } from '../errors.js';

export interface Dialled {
  readonly servers: readonly string[];
  readonly name: string;
  /** How long to try, in milliseconds. */
  readonly timeoutMs: number;
  /** What else the NATS client is to be told: it wins over what stands here. */
  readonly nats?: ConnectionOptions | undefined;
}

/** Least time that one attempt has, in milliseconds. */
const TIMEOUT_MS_MIN = 100;

/** Options for the NATS client. */
export function settingsOf({ servers, name, timeoutMs, nats }: Dialled): ConnectionOptions {
  return {
    servers: [...servers],
    name,
    timeout: Math.max(TIMEOUT_MS_MIN, timeoutMs),
    // The default gives up after ten tries, for good.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    reconnectJitter: 50,
    // A peer that went silent is noticed in seconds; the default takes four minutes.
    pingInterval: 2000,
    maxPingOut: 2,
    // Costs a stack trace for every request.
    noAsyncTraces: true,
    ...nats,
  };
}

export function unreachable(servers: readonly string[], cause: unknown): ClosedError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClosedError(`cannot connect to ${servers.map(withoutSecrets).join(', ')}: ${reason}`, 'none', {
    cause,
  });
}

/** A URL without its user and password. */
export function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/@]*@/, '//');
}
