// How faults of any message, not of requests alone, are put in words.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { InvalidRequestError } from '../../src/errors.js';
import { nodeConfig, putRequest, readRequest } from '../../src/wire/generated/validators.js';
import { check, decodeJson, encodeJson, parseJson } from '../../src/wire/json.js';

function refusal(run: () => unknown): InvalidRequestError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof InvalidRequestError, String(error));
    return error;
  }
  return assert.fail('it was taken');
}

test('JSON goes through bytes and back, whatever the text holds', () => {
  const value = { text: '😀\0\r\n"', __proto__: null, list: [1, null] };
  assert.deepEqual(parseJson(encodeJson(value)), JSON.parse(JSON.stringify(value)));
});

test('an own field __proto__ stays a field and changes no prototype', () => {
  const parsed = parseJson(Buffer.from('{"__proto__":{"polluted":1}}'));
  assert.ok(parsed !== null && typeof parsed === 'object' && Object.hasOwn(parsed, '__proto__'));
  assert.equal(Object.getPrototypeOf(parsed), Object.prototype);
});

test('a fault deep inside is named by its path', () => {
  const error = refusal(() =>
    check(readRequest, {
      reads: [
        { bucket: 'b', key: 'k', want: 'record' },
        { bucket: 'b', key: 'k', want: 'x' },
      ],
    }),
  );
  assert.equal(error.field, 'reads[1].want');
  assert.equal(error.message, 'reads[1].want must be one of record, version');
});

test('a fault in a configuration names the field of the form that was meant', () => {
  const cluster = { name: 'c', nodes: ['n0'], replicationFactor: 1, partitioner: 'murmur3' };
  const fault = (log: unknown) => refusal(() => check(nodeConfig, { node: 'n0', cluster, log })).message;
  assert.match(fault({ url: 5 }), /^log\.url must be of JSON type string$/);
  assert.match(fault({ url: 'x', dmain: 'y' }), /unknown field "log\.dmain"/);
});

test('the words for a definition name the numbers its schema has', () => {
  const { definitions } = JSON.parse(readFileSync('schemas/common.json', 'utf8')) as {
    definitions: Record<string, { maximum?: number; maxLength?: number; enum?: string[] }>;
  };
  const words = (field: string, value: unknown) =>
    refusal(() => check(putRequest, { key: 'k', value: 'v', [field]: value })).message;
  assert.ok(words('timeoutMs', 0).includes(String(definitions['TimeoutMs']?.maximum)));
  assert.ok(words('key', '').includes(String(definitions['RequestKey']?.maxLength)));
  assert.ok(words('level', '').includes(definitions['Level']?.enum?.join(', ') ?? '?'));
});

test('decodeJson refuses what is no JSON before it looks at fields', () => {
  assert.match(refusal(() => decodeJson(putRequest, Buffer.from('{key:1}'))).message, /not valid JSON/);
});
