// Touch: lets a record that expires live on. It writes the record again, under the version it has, with a later end: so it
// cannot undo a newer write, however long it takes, and of two touches the longer one holds.
import { InvalidRequestError } from '../errors.js';
import { parseVersion } from '../model/record.js';
import type { TouchReply } from '../wire/generated/types.js';
import type { TouchOperation } from '../wire/requests.js';
import { admit } from './admission.js';
import type { Bucket } from './catalog.js';
import type { Coordination } from './coordination.js';
import { readFrom } from './in-bucket.js';
import { read } from './read.js';
import { write } from './write.js';

/** @throws DynatsError as `read` and `write` do; InvalidRequestError when neither request nor bucket has a time to live. */
export async function touch(
  c: Coordination,
  bucket: Bucket,
  request: TouchOperation,
  deadlineAtMs: number,
): Promise<TouchReply> {
  const ttlMs = request.ttlMs ?? bucket.definition.ttlMs;
  if (ttlMs === undefined)
    throw new InvalidRequestError(
      'ttlMs',
      `ttlMs is missing, and bucket ${bucket.name} has no default: how long is the key to live?`,
    );
  const reading = readFrom(bucket, { ...request, kind: 'read' });
  const { key, level } = reading;
  // What cannot be stored is not read for either.
  admit(c, reading, deadlineAtMs);
  const reply = await read(c, reading, deadlineAtMs);
  if (!reply.found || reply.version === undefined) return { key, found: false, level };
  const { value, base64, version, expiresAt: before } = reply;
  const expiresAt = c.hlc.current() + ttlMs * 1000;
  // Never shorter than it is; a record without an end has the longest life of all.
  if (before === undefined || before >= expiresAt)
    return { key, found: true, version, ...(before === undefined ? {} : { expiresAt: before }), level };
  const content = base64 === undefined ? { value: value ?? '' } : { base64 };
  await write(
    c,
    { ...reading, kind: 'write', ...content, expiresAt, version: parseVersion(version, false) },
    deadlineAtMs,
  );
  return { key, found: true, version, expiresAt, level };
}
