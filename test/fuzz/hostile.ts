// Values that have broken programs before, as JSON text: what stands in a message where something else belongs.
import type { SeededRandom } from '../sim/random.js';

/** JSON that is written as it stands, since no value in memory would be printed so. */
export class Raw {
  constructor(readonly text: string) {}
}

export type Json =
  | null
  | boolean
  | number
  | string
  | Raw
  | readonly Json[]
  | { readonly [name: string]: Json };

export const hostileNames: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'then',
  'toJSON',
  'length',
  '',
  '0',
  '\ud800',
  'key\u0000',
];

const texts: readonly string[] = [
  '',
  ' ',
  '\0',
  '\ud800',
  'a\udc00b',
  'é',
  'e\u0301',
  '\u202egnp.exe',
  '\u200b',
  '\ufeff',
  'line\r\nPUB x 0\r\n',
  '../../etc/passwd',
  '*',
  '>',
  'a.b',
  '.',
  '$JS.API.STREAM.PURGE.LOG_n0',
  'dynats.log.n0',
  '_buckets',
  '__proto__',
  'constructor',
  '1e400',
  '-0',
  'NaN',
  '0x10',
  '9007199254740993',
  'null',
  'QUORUM ',
  'quorum',
  '😀'.repeat(257),
  'k'.repeat(1025),
  // What a careless pattern would take for ever to refuse.
  `${'a'.repeat(5000)}!`,
  `${'0v1@'.repeat(800)}!`,
  `floor.${'1'.repeat(3000)}`,
  `${'A'.repeat(4099)}=`,
  '=',
  '%00',
  '{{7*7}}',
  "'; --",
];

const numbers: readonly string[] = [
  '0',
  '-0',
  '-1',
  '0.5',
  '1e400',
  '-1e400',
  '1e-400',
  '2147483648',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '9007199254740993',
  '-9007199254740993',
  '18446744073709551616',
  '1E2',
  '1.0',
  '00',
  '01',
  '+1',
  '.5',
  'NaN',
  'Infinity',
];

/** Deeper than most stacks, longer than most bounds. Few of these: they are large. */
function large(random: SeededRandom): Raw {
  const n = random.pick([2000, 20_000, 60_000]);
  return random.pick([
    () => new Raw(`${'['.repeat(n)}${']'.repeat(n)}`),
    () => new Raw(`${'{"a":'.repeat(n)}1${'}'.repeat(n)}`),
    () => new Raw(`[${'0,'.repeat(n)}0]`),
    () => new Raw(`{${Array.from({ length: n }, (_, i) => `"x${i.toString(36)}":0`).join(',')}}`),
    () => new Raw(JSON.stringify('v'.repeat(n * 8))),
    () => new Raw(`${'['.repeat(n)}`),
  ])();
}

/** @param key where an operation is to be put: none of these is a key that anybody relies on. */
export function hostile(random: SeededRandom): Json {
  const n = random.below(100);
  if (n < 40) return random.pick(texts);
  if (n < 70) return new Raw(random.pick(numbers));
  if (n < 72) return large(random);
  return random.pick<Json>([
    null,
    true,
    false,
    [],
    {},
    [null],
    [[]],
    { __proto__: null, a: 1 },
    new Raw('{"__proto__":{"polluted":true}}'),
    new Raw('{"constructor":{"prototype":{"polluted":true}}}'),
    new Raw('{"toString":1,"valueOf":1,"toJSON":1,"length":-1}'),
    new Raw('{"a":1,"a":2}'),
    new Raw('"\\u0000"'),
    new Raw('"\\ud800"'),
    new Raw('undefined'),
    new Raw(''),
    new Raw('"'),
    new Raw('\u0001'),
  ]);
}

/** The text of a message, hostile parts as they are. */
export function textOf(value: Json): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  if (value !== null && typeof value === 'object')
    return `{${Object.entries(value)
      .map(([name, item]) => `${JSON.stringify(name)}:${textOf(item as Json)}`)
      .join(',')}}`;
  return JSON.stringify(value);
}
