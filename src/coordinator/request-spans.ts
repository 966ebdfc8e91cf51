// The spans of one request that somebody follows: one for each owner asked, repaired, or hinted for. They may end after the
// request's own span, as owners may ack after the answer.
import { DynatsError } from '../errors.js';
import { murmur3 } from '../model/murmur3.js';
import type { Attributes, Span } from '../ports.js';
import type { GetReply, PutReply } from '../wire/generated/types.js';
import type { Operation } from '../wire/requests.js';

export class RequestSpans {
  private readonly open = new Map<string, Span>();

  constructor(private readonly span: Span) {}

  /** @param what `append`, `read`, `repair` or `hint`. */
  begin(what: string, node: string): void {
    const name = `${what} ${node}`;
    if (this.open.has(name)) return;
    const attribute = what === 'hint' ? 'dynats.target' : 'dynats.owner';
    this.open.set(name, this.span.child(name, 'client', { [attribute]: node }));
  }

  end(what: string, node: string, attributes: Attributes & { readonly 'dynats.outcome': string }): void {
    const name = `${what} ${node}`;
    const span = this.open.get(name);
    if (span === undefined) return;
    this.open.delete(name);
    span.set(attributes);
    const outcome = attributes['dynats.outcome'];
    span.end(outcome === 'failed' || outcome === 'refused' ? outcome : undefined);
  }
}

const utf8 = new TextEncoder();

/** What every span of an operation has. Of the key only a hash: keys may name people. */
export function attributesOf(operation: Operation): Attributes {
  const { bucket, key, level } = operation;
  return {
    'db.system.name': 'dynats',
    'db.operation.name': verbOf(operation),
    'db.namespace': bucket,
    'dynats.level': level,
    'dynats.key.hash': murmur3(utf8.encode(key)).toString(16).padStart(8, '0'),
  };
}

export function verbOf(operation: Operation): 'get' | 'put' | 'delete' {
  if (operation.kind === 'read') return 'get';
  return operation.value === undefined && operation.base64 === undefined ? 'delete' : 'put';
}

/** Ends the span with what became of the operation. Of an error only its code and numbers: messages may name keys. */
export async function followed<Reply extends PutReply | GetReply>(
  span: Span,
  reply: Promise<Reply>,
): Promise<Reply> {
  try {
    const answer = await reply;
    span.set({
      'dynats.required': answer.required,
      ...('acked' in answer
        ? { 'dynats.acked': answer.acked }
        : { 'dynats.received': answer.received, 'dynats.found': answer.found }),
      ...(answer.version === undefined ? {} : { 'dynats.version': answer.version }),
    });
    span.end();
    return answer;
  } catch (error) {
    span.end(error instanceof DynatsError ? error.code : 'INTERNAL');
    throw error;
  }
}
