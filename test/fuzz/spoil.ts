// Spoils messages: in their structure, where a schema would look, and in their bytes, where nothing does.
import type { SeededRandom } from '../sim/random.js';
import { hostile, hostileNames, type Json, Raw, textOf } from './hostile.js';

const isObject = (value: Json): value is { readonly [name: string]: Json } =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Raw);

/** The message with one thing in it that does not belong there. */
export function spoilt(random: SeededRandom, value: Json): Json {
  const isDeeper = random.chance(0.7);
  if (isObject(value)) {
    const names = Object.keys(value);
    const name = names.length === 0 ? '' : random.pick(names);
    if (names.length > 0 && isDeeper) return { ...value, [name]: spoilt(random, value[name] ?? null) };
    return random.pick([
      (): Json => Object.fromEntries(Object.entries(value).filter(([other]) => other !== name)),
      (): Json => extended(value, random.pick(hostileNames), hostile(random)),
      (): Json => twice(value, name, hostile(random)),
      (): Json => hostile(random),
    ])();
  }
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const at = random.below(items.length);
    if (items.length > 0 && isDeeper) return items.map((item, i) => (i === at ? spoilt(random, item) : item));
    return random.pick([
      (): Json => [...items, hostile(random)],
      (): Json => [...items, ...items],
      (): Json => Array.from({ length: 5000 }, () => items[0] ?? 0),
      (): Json => hostile(random),
    ])();
  }
  return hostile(random);
}

/** One field more; by text, since setting `__proto__` would set nothing. */
function extended(value: { readonly [name: string]: Json }, name: string, more: Json): Json {
  const text = textOf(value);
  const comma = text === '{}' ? '' : ',';
  return new Raw(`${text.slice(0, -1)}${comma}${JSON.stringify(name)}:${textOf(more)}}`);
}

/** A field that is there twice. */
function twice(value: { readonly [name: string]: Json }, name: string, other: Json): Json {
  return extended(value, name, other);
}

/** Bytes with some changed, lost, doubled or added. */
export function garbled(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const from = Buffer.from(bytes);
  switch (random.below(8)) {
    case 0:
      return from.subarray(0, at);
    case 1:
      return from.subarray(at);
    case 2:
      return Buffer.concat([from, from.subarray(at)]);
    case 3:
      return Buffer.concat([from.subarray(0, at), noise(random, 1 + random.below(8)), from.subarray(at)]);
    case 4:
      return noise(random, random.below(200));
    case 5:
      return Buffer.concat([
        random.pick([Buffer.from('\ufeff'), Buffer.from([0xff, 0xfe]), Buffer.from(' ')]),
        from,
      ]);
    case 6:
      return Buffer.from(from.toString('utf8'), 'utf16le');
    default: {
      const changed = Buffer.from(from);
      for (let i = 1 + random.below(4); i > 0 && changed.length > 0; i--)
        changed[random.below(changed.length)] = random.below(256);
      return changed;
    }
  }
}

function noise(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}
