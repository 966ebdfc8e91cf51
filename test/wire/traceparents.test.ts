// Which trace an operation belongs to survives a batch, and whoever sends nonsense harms nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTraceparent } from '../../src/telemetry/tracer.js';
import { traceparentsIn, tracingHeaders } from '../../src/wire/traceparents.js';

const trace = '0af7651916cd43dd8448eb211c80319c';
const one = `00-${trace}-b7ad6b7169203331-01`;
const two = `00-${trace}-b7ad6b7169203332-00`;
const reader = (headers: Record<string, string> | undefined) => (name: string) => headers?.[name];

test('what the headers of a message say is read back, operation by operation', () => {
  for (const all of [[one], [one, two], [undefined, one, undefined], [undefined], []])
    assert.deepEqual(traceparentsIn(reader(tracingHeaders(all)), all.length), all);
  assert.deepEqual(tracingHeaders([one]), { traceparent: one });
  assert.equal(tracingHeaders([undefined, undefined]), undefined);
});

test('one traceparent over a batch holds for all of it, and a list that is too short for its part', () => {
  assert.deepEqual(traceparentsIn(reader({ traceparent: one }), 2), [one, one]);
  assert.deepEqual(traceparentsIn(reader({ 'Dynats-Traceparents': one }), 2), [one, undefined]);
  assert.deepEqual(traceparentsIn(undefined, 1), [undefined]);
});

test('a traceparent is what the W3C says, and nothing else', () => {
  assert.deepEqual(parseTraceparent(one), { traceId: trace, spanId: 'b7ad6b7169203331', traceFlags: 1 });
  assert.equal(parseTraceparent(two)?.traceFlags, 0);
  // A later version may add fields.
  assert.ok(parseTraceparent(`cc-${trace}-b7ad6b7169203331-01-what-else`));
  for (const text of [
    undefined,
    '',
    one.toUpperCase(),
    one.slice(1),
    `ff${one.slice(2)}`,
    `${one}x`,
    'a'.repeat(1e5),
  ])
    assert.equal(parseTraceparent(text), undefined, text?.slice(0, 60));
});
