// What a caller gives, checked and brought into the form of requests, before anything is sent.
import { InvalidRequestError } from '../errors.js';
import { Level } from '../model/level.js';
import { isInbox } from '../wire/subjects.js';
import type { ConnectOptions } from './options.js';

/** Nodes answer to inboxes only: any other prefix would look like nobody answered. */
export function checkInboxPrefix(prefix: string | undefined): void {
  if (prefix !== undefined && !isInbox(`${prefix}.`))
    throw new InvalidRequestError(
      'nats.inboxPrefix',
      'the inbox prefix must be _INBOX or begin with _INBOX_',
    );
}

/** A name that goes into a subject. */
export function checkNode(name: string, field: string): string {
  if (/^[A-Za-z0-9_-]{1,32}$/.test(name)) return name;
  throw new InvalidRequestError(
    field,
    `${field} must be the name of a node: 1 to 32 letters, digits, "_" and "-"`,
  );
}

/** The zone to name in a request: this client's, where the level asks for one, or the bucket's level may. */
export function zoneFor(level: Level | undefined, { zone }: ConnectOptions): string | undefined {
  return level === undefined || level === Level.LocalQuorum ? zone : undefined;
}

export function ttlOf({ ttlMs }: { ttlMs?: number }): { ttlMs?: number } {
  return ttlMs === undefined ? {} : { ttlMs };
}
