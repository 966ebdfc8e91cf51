// How a log stream keeps its entries, and what somebody who edited it by hand has changed of that.
import { DiscardPolicy, type StreamConfig } from '@nats-io/jetstream';
import { subjects } from '../wire/subjects.js';

/**
 * Without these a log forgets, or its replica does not hear what was acknowledged. Limits of its size are not among them: a log
 * that is full refuses what is new.
 */
function needed(node: string): Partial<StreamConfig> {
  return {
    subjects: [subjects.log(node)],
    republish: { src: subjects.log(node), dest: subjects.applied(node) },
    discard: DiscardPolicy.New,
    max_age: 0,
    max_msgs_per_subject: -1,
    allow_direct: true,
  };
}

/** What nobody has set yet. */
const absent = ['no_ack', 'sources', 'subject_transform'] as const;

/** What is to be put back; no fields when all is as it must be. */
export function toPutBack(node: string, config: StreamConfig): Partial<StreamConfig> {
  const known: { readonly [field: string]: unknown } = { ...config };
  const changed = Object.entries(needed(node)).filter(
    ([field, value]) => JSON.stringify(known[field]) !== JSON.stringify(value),
  );
  const set = absent.filter(field => !isUnset(known[field])).map(field => [field, undefined]);
  return Object.fromEntries([...changed, ...set]) as Partial<StreamConfig>;
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === false || (Array.isArray(value) && value.length === 0);
}
