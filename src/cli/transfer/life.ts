// Until when an entry lives, as files say it: a time of ISO 8601 with its zone, which means the same wherever it is read.
import type { Client } from '../../client/client.js';
import { clusterView } from '../replicas/pages.js';

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970, or why the text is no time. */
export function parseExpiry(text: unknown): number | { problem: string } {
  const ms = typeof text === 'string' && isoTime.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  return { problem: 'expiresAt must be a time with its zone, like 2026-11-22T10:14:07.601Z' };
}

/** @param expiresAt of a record, microseconds since 1970. */
export function expiryText(expiresAt: number): string {
  return new Date(Math.floor(expiresAt / 1000)).toISOString();
}

/**
 * The nodes' clock, as a function of this process: whether a life is over is theirs to say, not this machine's.
 *
 * @throws CliError when no node answers.
 */
export async function nodesClock(client: Pick<Client, 'cluster'>): Promise<() => number> {
  const { now } = await clusterView(client);
  const heardAt = performance.now();
  return () => now + performance.now() - heardAt;
}
