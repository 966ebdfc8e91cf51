// A reply to a write, or to a read, as what was asked for.
import { DynatsError } from '../errors.js';
import type { GetReply, PutReply } from '../wire/generated/types.js';

export function asPut(reply: PutReply | GetReply): PutReply {
  if ('acked' in reply) return reply;
  throw new DynatsError('INTERNAL', 'a node answered a write with the reply to a read', 'unknown');
}

export function asGet(reply: PutReply | GetReply): GetReply {
  if ('found' in reply) return reply;
  throw new DynatsError('INTERNAL', 'a node answered a read with the reply to a write', 'none');
}
