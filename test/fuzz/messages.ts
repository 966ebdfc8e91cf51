// What is sent: every subject that a client, a peer, a writer of logs and of hints, and a node's heartbeat may publish to, each
// with messages of its schema, sound, spoilt and garbled.
import { encodeEntry } from '../../src/wire/log-entry.js';
import type { SeededRandom } from '../sim/random.js';
import { FromSchema, type Vocabulary } from './from-schema.js';
import { hostile, type Json, textOf } from './hostile.js';
import { garbled, spoilt } from './spoil.js';

export type Role = 'client' | 'peer' | 'log' | 'hints' | 'presence';

export interface FuzzMessage {
  readonly role: Role;
  readonly subject: string;
  readonly data: Uint8Array;
  /** Schema of a good answer; undefined when none is promised. */
  readonly answer: string | undefined;
  /** Where the answer is asked to go, in place of the sender's inbox; null for nowhere. */
  readonly reply: string | null | undefined;
}

interface Target {
  readonly role: Role;
  readonly subjects: readonly string[];
  readonly schema: string | undefined;
  readonly answer?: string;
}

/** Where an answer must never go. */
const wrongReplies = [
  'dynats.log.n0',
  'dynats.log.n1',
  'dynats.hints.n0.n1',
  'dynats.presence.n0',
  '$JS.API.STREAM.PURGE.LOG_n0',
  '$JS.n0.API.STREAM.DELETE.LOG_n0',
  'dynats.put',
  '_inbox.x',
  'x._INBOX.x',
  '_INBOX',
];

const api = ['put', 'get', 'delete', 'batch', 'scan', 'touch', 'bucket'] as const;
const nodeVerbs = ['records', 'hints', 'repair', 'outcome'] as const;
const replicaVerbs: readonly (readonly [verb: string, request: string, answer: string])[] = [
  ['read', 'read-request', 'read-reply'],
  ['scan', 'replica-scan-request', 'replica-scan-reply'],
  ['remembered', 'remembered-request', 'remembered-reply'],
  ['tree', 'tree-request', 'tree-reply'],
  ['leaves', 'leaf-request', 'leaf-reply'],
  ['held', 'records-request', 'records-reply'],
];

/** Heartbeats name nobody of the cluster: one that claims to be a node makes that node give way, which only permissions prevent. */
const strangers: readonly string[] = ['n8', 'n9'];

export class Messages {
  private readonly sound: FromSchema;
  private readonly ofStrangers: FromSchema;
  private readonly targets: readonly Target[];
  private readonly nodes: readonly string[];

  constructor(
    private readonly random: SeededRandom,
    words: Vocabulary,
  ) {
    this.nodes = words.nodes;
    this.sound = new FromSchema(random, words);
    this.ofStrangers = new FromSchema(random, { ...words, nodes: strangers });
    const each = (subject: (node: string) => string) => words.nodes.map(subject);
    this.targets = [
      ...api.map(verb => ({
        role: 'client' as const,
        subjects: [`dynats.${verb}`, ...each(node => `dynats.node.${node}.${verb}`)],
        schema: `${verb}-request`,
        answer: verb === 'delete' ? 'put-reply' : `${verb}-reply`,
      })),
      ...nodeVerbs.map(verb => ({
        role: 'client' as const,
        subjects: each(node => `dynats.node.${node}.${verb}`),
        schema: `${verb}-request`,
        answer: `${verb}-reply`,
      })),
      ...['cluster', 'status'].map(verb => ({
        role: 'client' as const,
        subjects: each(node => `dynats.node.${node}.${verb}`),
        schema: undefined,
        answer: `${verb}-reply`,
      })),
      ...replicaVerbs.map(([verb, schema, answer]) => ({
        role: 'peer' as const,
        subjects: each(node => `dynats.replica.${node}.${verb}`),
        schema,
        answer,
      })),
      ...[0, 1, 2].map(() => ({
        role: 'log' as const,
        subjects: each(node => `dynats.log.${node}`),
        schema: 'log-entry',
      })),
      {
        role: 'hints',
        subjects: words.nodes.flatMap(holder =>
          [...words.nodes, 'n9'].map(target => `dynats.hints.${holder}.${target}`),
        ),
        schema: 'log-entry',
      },
      {
        role: 'presence',
        subjects: [...each(node => `dynats.presence.${node}`), 'dynats.presence.n9'],
        schema: 'presence',
      },
    ];
  }

  next(): FuzzMessage {
    const { random } = this;
    const { role, subjects, schema, answer } = random.pick(this.targets);
    const subject = random.pick(subjects);
    const isStored = role === 'log' || role === 'hints';
    const data = isStored ? this.entry() : this.request(role, schema);
    const reply = isStored || role === 'presence' ? undefined : this.reply();
    return { role, subject, data, answer: reply === undefined ? answer : undefined, reply };
  }

  private reply(): string | null | undefined {
    const { random } = this;
    const n = random.below(100);
    if (n < 94) return undefined;
    return n < 96 ? null : random.pick(wrongReplies);
  }

  private request(role: Role, schema: string | undefined): Uint8Array {
    const { random } = this;
    const from = role === 'presence' ? this.ofStrangers : this.sound;
    const sound = schema === undefined ? hostile(random) : from.message(schema);
    return this.bytes(sound);
  }

  private bytes(sound: Json): Uint8Array {
    const { random } = this;
    const n = random.below(100);
    if (n < 25) return Buffer.from(textOf(sound));
    if (n < 65) return Buffer.from(textOf(spoilt(random, sound)));
    if (n < 70) return Buffer.from(textOf(spoilt(random, spoilt(random, sound))));
    if (n < 72) return new Uint8Array();
    if (n < 75) return Buffer.from(textOf(hostile(random)));
    return garbled(random, Buffer.from(textOf(sound)));
  }

  /**
   * A log message. Most have a sound frame and checksum, so that what is inside is looked at; a few are damaged, which makes
   * a replica recover. No note is sound: what one says of the log that holds it is believed, as it is the replica's own.
   */
  private entry(): Uint8Array {
    const { random } = this;
    const n = random.below(100);
    const record = (): string => {
      if (random.chance(0.15)) return this.definition();
      const sound = this.sound.message('record');
      return textOf(random.chance(0.4) ? sound : spoilt(random, sound));
    };
    if (n < 75) return encodeEntry(Array.from({ length: random.below(4) }, record));
    if (n < 80) {
      const note = new Map<string, unknown>([['x', random.below(9)]]);
      return encodeEntry([record()], Object.fromEntries(note) as never);
    }
    if (n < 82) return garbled(random, encodeEntry([record()]));
    return this.bytes({ records: [this.sound.message('record')], crc32: '00000000' });
  }

  /** A bucket's definition as it stands in a log, sound or spoilt, under a version that fits it. */
  private definition(): string {
    const { random } = this;
    const definition = this.sound.message('bucket-definition');
    const { life = 0, dropped = false, change = 0 } = definition as Record<string, number | boolean>;
    const time = Number(life) * 2 ** 21 + (dropped === true ? 2 ** 21 - 1 : Number(change)) + 1;
    const value = textOf(random.chance(0.5) ? definition : spoilt(random, definition));
    const key = random.pick([
      'fuzz',
      'fuzz2',
      'a b',
      '__proto__',
      '_buckets',
      'x'.repeat(65),
      '\ud800',
      'a/b',
    ]);
    return textOf({ bucket: '_buckets', key, value, time, writer: 'w' });
  }

  /** Every node. */
  get all(): readonly string[] {
    return this.nodes;
  }
}
