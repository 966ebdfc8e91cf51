// The validators are compiled from a cheaper form of the schemas: they take and refuse what the schemas as written do.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import type { Validator } from '../../src/wire/generated/validators.js';
import * as validators from '../../src/wire/generated/validators.js';
import { FromSchema } from '../fuzz/from-schema.js';
import { type Json, Raw, textOf } from '../fuzz/hostile.js';
import { spoilt } from '../fuzz/spoil.js';
import { SeededRandom } from '../sim/random.js';

const dir = new URL('../../../schemas/', import.meta.url);
const names = readdirSync(dir).map(file => file.slice(0, -'.json'.length));
const schemas = names.map(name => JSON.parse(readFileSync(new URL(`${name}.json`, dir), 'utf8')));
const ajv = new Ajv({
  schemas,
  discriminator: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
});
const words = { nodes: ['n0', 'n1'], buckets: ['default'], now: () => 1_795_000_000_000 };
/** Fields by which forms of one message differ. */
const telling = ['bucket', 'key', 'value', 'base64', 'deleted', 'time', 'writer', 'version', 'code', 'error'];
const perSchema = 150;

test('every validator takes and refuses what its schema does', () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = new SeededRandom(seed);
  const source = new FromSchema(random, words);
  const taken = new Map<string, number>();
  let refused = 0;
  for (const name of names.filter(each => each !== 'common')) {
    const validator = (validators as unknown as Record<string, Validator<unknown>>)[identifier(name)];
    const written = ajv.getSchema(`dynats:/v1/${name}.json`);
    assert.ok(validator !== undefined && written !== undefined, name);
    for (let i = 0; i < perSchema; i++) {
      const message = source.message(name);
      const changed = [message, spoilt(random, message), crossed(random, message), crossed(random, message)];
      for (const each of changed) {
        const text = textOf(each);
        const value = parsed(text);
        // No JSON at all: no validator sees it.
        if (value === undefined) continue;
        const isTaken: boolean = written(value) === true;
        assert.equal(validator(value), isTaken, `seed ${seed}, ${name}: ${text.slice(0, 2000)}`);
        if (isTaken) taken.set(name, (taken.get(name) ?? 0) + 1);
        else refused++;
      }
    }
  }
  for (const name of ['record', 'read-reply', 'log-entry', 'put-request', 'batch-request', 'batch-reply'])
    assert.ok((taken.get(name) ?? 0) > 10, `hardly a ${name} that was drawn is valid`);
  assert.ok(refused > names.length, 'hardly anything was refused');
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `put-request` -> `putRequest`. */
function identifier(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The message with a field in some object of it that tells another form, or without one. */
function crossed(random: SeededRandom, value: Json): Json {
  if (value === null || typeof value !== 'object' || value instanceof Raw) return value;
  const entries: [string | number, Json][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  const inner = entries.filter(([, each]) => each !== null && typeof each === 'object');
  if (inner.length > 0 && random.chance(0.7)) {
    const [at] = random.pick(inner);
    const within = entries.map(([key, each]) => [key, key === at ? crossed(random, each) : each] as const);
    return Array.isArray(value) ? within.map(([, each]) => each) : Object.fromEntries(within);
  }
  if (Array.isArray(value)) return [...value, random.pick([null, 'dropped', {}, { time: 1, writer: 'w' }])];
  const field = random.pick(telling);
  if (field in value) return Object.fromEntries(entries.filter(([key]) => key !== field));
  return { ...value, [field]: random.pick<Json>(['v', 1, true, 'n0', {}]) };
}
