// What a caller gives, checked and brought into the form of requests, before anything is sent.
import { InvalidRequestError } from '../errors.js';
import { Level } from '../model/level.js';
import { isInbox } from '../wire/subjects.js';
import type { OperationOptions } from './client.js';
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

/** Text is stored as text, bytes as bytes. @throws InvalidRequestError */
export function wireValue(value: string | Uint8Array): { value: string } | { base64: string } {
  if (typeof value === 'string') return { value };
  if (value instanceof Uint8Array)
    return { base64: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') };
  throw new InvalidRequestError('value', 'value must be a string or a Uint8Array');
}

/** What of the options belongs to the operation, if it is there. */
export function named({ bucket, level, session, trace }: OperationOptions): OperationOptions {
  return {
    ...(bucket === undefined ? {} : { bucket }),
    ...(level === undefined ? {} : { level }),
    ...(session === undefined ? {} : { session }),
    ...(trace === true ? { trace } : {}),
  };
}

/** The zone of this client, where the level asks for one, or the bucket's level may. */
export function zoneFor({ level }: OperationOptions, { zone }: ConnectOptions): { zone?: string } {
  const mayAsk = level === undefined || level === Level.LocalQuorum;
  return mayAsk && zone !== undefined ? { zone } : {};
}

export function ttlOf({ ttlMs }: { ttlMs?: number }): { ttlMs?: number } {
  return ttlMs === undefined ? {} : { ttlMs };
}
