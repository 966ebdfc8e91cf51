// Messages that a schema allows, drawn by chance: what is spoilt afterwards gets far into the program before it is refused.
import { readdirSync, readFileSync } from 'node:fs';
import type { SeededRandom } from '../sim/random.js';
import { type Json, Raw } from './hostile.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly dependencies?: Readonly<Record<string, readonly string[]>>;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const dir = new URL('../../../schemas/', import.meta.url);
const schemas = new Map(
  readdirSync(dir).map(file => [file, JSON.parse(readFileSync(new URL(file, dir), 'utf8')) as Schema]),
);

/** Words of a small cluster: requests that fit it go further than those that do not. */
export interface Vocabulary {
  readonly nodes: readonly string[];
  readonly buckets: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Texts for patterns that no named definition covers. */
const candidates = ['0'.repeat(16), '00000000', 'abc', '1', 'n0', '1795342443898000@n0~abc', 'A', ''];

export class FromSchema {
  constructor(
    private readonly random: SeededRandom,
    private readonly words: Vocabulary,
  ) {}

  /** @param name of a file of schemas/, without its ending. */
  message(name: string): Json {
    const file = `${name}.json`;
    return this.value(this.file(file), file);
  }

  private file(file: string): Schema {
    const schema = schemas.get(file);
    if (schema === undefined) throw new TypeError(`no schema ${file}`);
    return schema;
  }

  private value(schema: Schema, file: string, depth = 0): Json {
    const { random } = this;
    if (schema.$ref !== undefined) return this.referred(schema.$ref, file, depth);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return random.pick(schema.enum);
    const branches = schema.anyOf ?? (schema.properties === undefined ? schema.oneOf : undefined);
    if (branches !== undefined) return this.value(random.pick(branches), file, depth);
    const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['object']);
    switch (random.pick(types)) {
      case 'object':
        return this.object(schema, file, depth);
      case 'array':
        return this.array(schema, file, depth);
      case 'integer':
      case 'number':
        return this.integer(schema);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      default:
        return this.text(schema);
    }
  }

  private referred(ref: string, file: string, depth: number): Json {
    const [where = '', pointer = ''] = ref.split('#');
    const target = where === '' ? file : where;
    const name = pointer.split('/').at(-1) ?? '';
    const known = this.known(name);
    if (known !== undefined) return known;
    const schema = this.file(target);
    const found = name === '' ? schema : schema.definitions?.[name];
    if (found === undefined) throw new TypeError(`${ref} of ${file} is not there`);
    return this.value(found, target, depth + 1);
  }

  /** What definitions mean, where any value of their form would be refused at once. */
  private known(name: string): Json | undefined {
    const { random, words } = this;
    const nowUs = () => Math.floor(words.now() * 1000) + random.below(2_000_000) - 1_000_000;
    const kinds: Readonly<Record<string, () => Json>> = {
      Node: () => random.pick([...words.nodes, 'n9']),
      Bucket: () => random.pick(words.buckets),
      BucketLife: () => random.pick(words.buckets.flatMap(bucket => [bucket, bucket, `${bucket}~2`])),
      Key: () => this.key(),
      RequestKey: () => (random.chance(0.2) ? random.below(256) : this.key()),
      Value: () => random.pick(['', 'v', 'ä😀', 'v'.repeat(random.below(2000))]),
      Base64: () => Buffer.from(random.token(random.below(40))).toString('base64'),
      TimeoutMs: () => 1 + random.below(400),
      Deadline: () => Math.floor(words.now()) + random.below(4000) - 1000,
      Time: () => (random.chance(0.1) ? 1 + random.below(1e9) : nowUs()),
      TtlMs: () => random.pick([1, 1000, 60_000, 3_153_600_000_000]),
      Writer: () => random.pick(['w', 'n0~abcdefgh', `client~${random.token(8)}`]),
      VersionText: () => `${nowUs()}@w`,
      SessionToken: () => random.pick(['', `floor.1v${nowUs().toString(36)}@w`]),
      Continuation: () => Buffer.from(random.token(6)).toString('base64url'),
      LogId: () => random.token(8),
      Crc32: () =>
        random
          .below(2 ** 32)
          .toString(16)
          .padStart(8, '0'),
    };
    return Object.hasOwn(kinds, name) ? kinds[name]?.() : undefined;
  }

  private key(): string {
    const { random } = this;
    return random.pick([`fuzz-${random.below(200)}`, 'ä', '__proto__', '\0', ' ', '😀'.repeat(256)]);
  }

  private object(schema: Schema, file: string, depth: number): Json {
    const { random } = this;
    const { properties = {}, required = [], dependencies = {} } = schema;
    const branch = schema.oneOf === undefined ? undefined : random.pick(schema.oneOf);
    if (branch?.properties !== undefined) return this.object(branch, file, depth);
    const wanted = new Set([...required, ...(branch?.required ?? [])]);
    // Of the ways to give a value one is asked for, and the others would be one too many.
    const rivals = new Set((schema.oneOf ?? []).flatMap(({ required: names = [] }) => names));
    for (const name of Object.keys(properties)) if (!rivals.has(name) && random.chance(0.4)) wanted.add(name);
    for (const name of [...wanted]) for (const needed of dependencies[name] ?? []) wanted.add(needed);
    const entries = [...wanted].map((name): [string, Json] => {
      const property = properties[name];
      return [name, property === undefined ? true : this.value(property, file, depth + 1)];
    });
    const { additionalProperties } = schema;
    if (typeof additionalProperties === 'object')
      for (let i = random.below(3); i > 0; i--)
        entries.push([random.pick(['n0', 'n1', 'n9']), this.value(additionalProperties, file, depth + 1)]);
    return Object.fromEntries(entries);
  }

  private array({ items = {}, minItems = 0, maxItems = 4 }: Schema, file: string, depth: number): Json {
    const length = Math.min(maxItems, minItems + this.random.below(4));
    return Array.from({ length }, () => this.value(items, file, depth + 1));
  }

  private integer({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Schema): Json {
    const { random } = this;
    return random.pick([
      minimum,
      Math.min(maximum, minimum + 1),
      Math.min(maximum, minimum + random.below(1000)),
      ...(random.chance(0.2) ? [maximum] : []),
    ]);
  }

  private text({ pattern, minLength = 0, maxLength = 20 }: Schema): Json {
    const { random } = this;
    if (pattern === undefined) return random.token(Math.min(maxLength, minLength + random.below(20)));
    const regex = new RegExp(pattern);
    const fits = candidates.filter(text => regex.test(text));
    return fits.length === 0 ? new Raw('""') : random.pick(fits);
  }
}
