// Protocol versions: who works with whom, and what of a newer build is passed over.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { InvalidRequestError } from '../../src/errors.js';
import * as validators from '../../src/wire/generated/validators.js';
import { presence, putRequest, scanReply } from '../../src/wire/generated/validators.js';
import { check, checkReply } from '../../src/wire/json.js';
import { protocolOf, worksWith } from '../../src/wire/protocol.js';
import { readReply } from '../../src/wire/reply.js';

test('a heartbeat without a header is of protocol 1, one with nonsense of none', () => {
  assert.deepEqual(
    [undefined, '1', '12', '', '0', '-1', '1.5', 'x', '99999999'].map(header => protocolOf(header)),
    [1, 1, 12, ...Array.from({ length: 6 }, () => Number.NaN)],
  );
});

test('a build works with the protocol before its own, its own and the next', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, Number.NaN].map(protocol => worksWith(protocol, 3)),
    [false, true, true, true, false, false],
  );
});

const beat = { node: 'n1', incarnation: 1, state: 'serving', time: 1, now: 1, remembers: {} };

test('of what others tell, fields that are not known are passed over, at any depth', () => {
  const later = { ...beat, zone: 'a', unhinted: {}, caughtUp: { applied: 1, total: 2, eta: 3 } };
  assert.deepEqual(checkReply(presence, later), {
    ...beat,
    unhinted: {},
    caughtUp: { applied: 1, total: 2 },
  });
  const page = {
    records: [{ key: 'k', value: 'v', version: '1@w', 'a/b~c': 1 }],
    level: 'ONE',
    required: 1,
    received: 1,
  };
  assert.deepEqual(checkReply(scanReply, page).records, [{ key: 'k', value: 'v', version: '1@w' }]);
});

test('what is wrong otherwise is refused all the same, and requests are read to the letter', () => {
  assert.throws(() => checkReply(presence, { ...beat, zone: 'a', state: 'x' }), InvalidRequestError);
  assert.throws(() => checkReply(presence, [beat]), InvalidRequestError);
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`field${i}`, 1]));
  assert.throws(() => checkReply(presence, { ...beat, ...many }), InvalidRequestError);
  assert.throws(() => check(putRequest, { key: 'k', value: 'v', lease: 1 }), { field: 'lease' });
});

test('a failure is read with what a newer node adds to it; a reply in other words is no fault of the request', () => {
  const bytes = (reply: object) => new TextEncoder().encode(JSON.stringify(reply));
  const error = { code: 'UNAVAILABLE', message: 'no', effect: 'none', required: 2, alive: 1 };
  const newer = bytes({ error: { ...error, zones: ['a'] }, lease: 1 });
  assert.throws(() => readReply(scanReply, newer), { code: 'UNAVAILABLE', required: 2, alive: 1 });
  for (const reply of [{ records: 'many' }, { error: { ...error, code: 'NO_LEASE' } }])
    assert.throws(() => readReply(scanReply, bytes(reply)), { code: 'INTERNAL', effect: 'unknown' });
});

/** Every object in `value`, itself first. */
function objectsIn(value: unknown): object[] {
  if (value === null || typeof value !== 'object') return [];
  return [value, ...Object.values(value).flatMap(objectsIn)].filter(each => !Array.isArray(each));
}

test('whatever a newer node adds to any object of any reply is passed over, and nothing else', () => {
  const schemas = new URL('../../../schemas/', import.meta.url);
  const told = readdirSync(schemas).filter(file => /-reply\.json$|^presence\.json$/.test(file));
  assert.ok(told.length > 15, told.join(', '));
  let added = 0;
  for (const file of told) {
    const name = file.slice(0, -'.json'.length).replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
    const validator = Object.entries(validators).find(([each]) => each === name)?.[1];
    assert.ok(validator, name);
    const { examples } = JSON.parse(readFileSync(new URL(file, schemas), 'utf8'));
    for (const example of examples)
      for (const i of objectsIn(example).keys()) {
        const newer = structuredClone(example);
        Object.assign(objectsIn(newer)[i] ?? {}, { 'of/a~later~build': ['x'] });
        // In a map of nodes it is an entry like the others, and no field.
        const isMap =
          !validator(newer) && validator.errors?.every(each => each.keyword !== 'additionalProperties');
        if (isMap) continue;
        added++;
        assert.deepEqual(
          checkReply<unknown>(validator, newer),
          example,
          `${name}: ${JSON.stringify(example)}`,
        );
      }
  }
  assert.ok(added > 60, String(added));
});
