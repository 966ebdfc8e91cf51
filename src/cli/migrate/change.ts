// A change of a JetStream KV bucket, as its stream holds it.
import type { JsMsg } from '@nats-io/jetstream';
import { parseDurationMs } from '../../model/duration.js';

/** One entry of the bucket: what a key was set to, or that it was deleted or purged. */
export interface Change {
  readonly key: string;
  /** The entry's sequence in the stream: a later change has a larger one. */
  readonly revision: number;
  /** When the server stored it, microseconds since 1970. */
  readonly createdAt: number;
  /** Undefined for a delete, a purge, and the marker of a value that has expired. */
  readonly value: Uint8Array | undefined;
  /** When it expires, milliseconds since 1970; undefined: never. */
  readonly expiresAtMs: number | undefined;
}

/** @param prefix of the subjects, `$KV.<bucket>.`; @param maxAgeMs of the stream, 0 for none. */
export function changeOf(
  message: Pick<JsMsg, 'subject' | 'seq' | 'data' | 'headers' | 'timestampNanos'>,
  prefix: string,
  maxAgeMs: number,
): Change {
  const createdAt = Number(message.timestampNanos / 1000n);
  const header = (name: string): string => message.headers?.get(name) ?? '';
  const isGone = /^(DEL|PURGE)$/.test(header('KV-Operation')) || header('Nats-Marker-Reason') !== '';
  return {
    key: message.subject.slice(prefix.length),
    revision: message.seq,
    createdAt,
    value: isGone ? undefined : message.data,
    expiresAtMs: isGone ? undefined : endOf(createdAt / 1000, maxAgeMs, header('Nats-TTL')),
  };
}

/** A life of its own ends no later than the bucket's; `never` outlives that too, as nats-server has it. */
function endOf(createdAtMs: number, maxAgeMs: number, ttl: string): number | undefined {
  if (ttl === 'never') return undefined;
  const ownMs = /^\d+$/.test(ttl) ? Number(ttl) * 1000 : (parseDurationMs(ttl) ?? 0);
  const lives = [maxAgeMs, ownMs].filter(ms => ms > 0);
  return lives.length === 0 ? undefined : createdAtMs + Math.min(...lives);
}
