// The span of one call of a client, where somebody traces.
import { attributesOf, followed, verbOf } from '../coordinator/request-spans.js';
import type { Span, Tracer } from '../ports.js';
import type { GetReply, PutReply } from '../wire/generated/types.js';
import type { Operation } from '../wire/requests.js';

type Reply = PutReply | GetReply;

/** @param send carries the call out; may throw at once. */
export function inSpan(
  tracer: Tracer,
  operation: Operation,
  send: (span: Span) => Promise<Reply>,
): Promise<Reply> {
  const span = tracer.begin(`dynats ${verbOf(operation)}`, 'client', attributesOf(operation));
  const sent = (async () => send(span))();
  return followed(span, sent);
}
