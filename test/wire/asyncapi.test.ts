// docs/asyncapi.json: up to date, valid, complete against the code, and true to the schemas. And the schemas themselves, as others use them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { exchanges } from '../../src/wire/contract.js';
import { ApiVerb, COORDINATORS, NodeVerb, subjects } from '../../src/wire/subjects.js';
import { SimCluster } from '../sim/cluster.js';
import { SimBus } from '../sim/network.js';

const root = path.resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const read = <T>(file: string): T => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as T;

interface Reference {
  readonly $ref: string;
}
interface Message {
  readonly payload: { readonly schema?: Reference };
  readonly examples?: readonly { readonly payload: unknown }[];
}
interface Operation {
  readonly channel: Reference;
  readonly messages: readonly Reference[];
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] };
}
interface Document {
  readonly channels: Readonly<
    Record<string, { address: string | null; messages: Record<string, Reference> }>
  >;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: { readonly messages: Readonly<Record<string, Message>> };
}

const document = read<Document>('docs/asyncapi.json');
const addresses = Object.values(document.channels).flatMap(({ address }) => address ?? []);
const files = readdirSync(path.join(root, 'schemas'));
const schemas = new Map(
  files.map(file => [file, read<{ $id: string; title: string; examples?: unknown[] }>(`schemas/${file}`)]),
);

function newAjv(): Ajv {
  return new Ajv({
    schemas: [...schemas.values()],
    discriminator: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
  });
}

/** What a `$ref` into the document leads to. */
function at(pointer: string): unknown {
  assert.ok(pointer.startsWith('#/'), pointer);
  return pointer
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}

test('the document and the page are what the code and the schemas make', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/asyncapi.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
});

test('the document is valid AsyncAPI 3.1', () => {
  const official = read<object>('node_modules/@asyncapi/specs/schemas/3.1.0.json');
  // It brings the meta-schema of draft-07 itself. Formats and keywords of its own say nothing of validity.
  const valid = new Ajv({
    strict: false,
    meta: false,
    validateSchema: false,
    validateFormats: false,
    allErrors: true,
  }).compile(official);
  assert.equal(valid(document), true, JSON.stringify(valid.errors?.slice(0, 5), undefined, 2));
  // It is able to refuse.
  const [first = ''] = Object.keys(document.operations);
  const broken = structuredClone(document) as unknown as { operations: Record<string, { action: string }> };
  Object.assign(broken.operations[first] ?? {}, { action: 'shout' });
  assert.equal(valid(broken), false);
});

const withoutComments = (text: string) => text.replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');

test('every reference of the document leads somewhere', () => {
  const dead: string[] = [];
  const visit = (value: unknown) => {
    if (value === null || typeof value !== 'object') return;
    const { $ref } = value as { $ref?: string };
    if (typeof $ref === 'string') {
      const isThere = $ref.startsWith('#')
        ? at($ref) !== undefined
        : schemas.has($ref.replace('../schemas/', ''));
      if (!isThere) dead.push($ref);
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(document);
  assert.deepEqual(dead, []);
});

test("an operation's messages are its channel's", () => {
  for (const [name, { channel, messages, reply }] of Object.entries(document.operations)) {
    for (const { $ref } of messages) assert.ok($ref.startsWith(`${channel.$ref}/messages/`), name);
    for (const { $ref } of reply?.messages ?? [])
      assert.ok($ref.startsWith(`${reply?.channel.$ref}/messages/`), name);
  }
});

test('every subject of the code is in the document, by builder: a new one does not compile until it stands here', () => {
  const node = '{node}';
  const built: Record<keyof typeof subjects, readonly string[]> = {
    api: [...Object.values(ApiVerb), 'cluster' as const].map(verb => subjects.api(verb)),
    node: [...Object.values(ApiVerb), ...Object.values(NodeVerb)].map(verb => subjects.node(node, verb)),
    read: [subjects.read(node)],
    scan: [subjects.scan(node)],
    remembered: [subjects.remembered(node)],
    tree: [subjects.tree(node)],
    leaves: [subjects.leaves(node)],
    held: [subjects.held(node)],
    alive: [subjects.alive(node)],
    log: [subjects.log(node)],
    applied: [subjects.applied(node)],
    hints: [subjects.hints('{holder}', '{target}')],
    presence: [subjects.presence(node)],
    // Patterns over the ones above.
    allApplied: [],
    allHints: [],
    allPresence: [],
  };
  const known = Object.values(built).flat();
  assert.deepEqual(
    known.filter(subject => !addresses.includes(subject)),
    [],
  );
  assert.deepEqual(
    addresses.filter(address => !known.includes(address) && !address.startsWith('$SRV.')),
    [],
  );
});

test('no subject is spelled out beside the table of subjects', () => {
  const sources = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    file =>
      file.endsWith('.ts') && !file.includes('generated') && !/wire.(subjects|permissions)\.ts$/.test(file),
  );
  const spelled = sources.flatMap(file =>
    [
      ...withoutComments(readFileSync(path.join(root, 'src', file), 'utf8')).matchAll(
        /['`]dynats\.(?!\$)[\w.$*{}>]+['`]/g,
      ),
    ].map(([text]) => `${file}: ${text}`),
  );
  // Keys of streams' metadata; how an error names what was asked; attributes of spans; and where help tells people what to type.
  assert.deepEqual(
    spelled.filter(
      each =>
        !/'dynats\.(log|recovering|former|hints|batch)'$/.test(each) &&
        !/^(cli|coordinator.(trace|request-spans)\.ts|telemetry)/.test(each),
    ),
    [],
  );
});

test('what running nodes listen to and publish on is in the document', async () => {
  const seen = new Set<string>();
  const { subscribe, publish, request } = SimBus.prototype;
  SimBus.prototype.subscribe = function (this: SimBus, ...args: Parameters<typeof subscribe>) {
    seen.add(args[0]);
    return subscribe.apply(this, args);
  };
  SimBus.prototype.publish = function (this: SimBus, ...args: Parameters<typeof publish>) {
    seen.add(args[0]);
    return publish.apply(this, args);
  };
  SimBus.prototype.request = function (this: SimBus, ...args: Parameters<typeof request>) {
    seen.add(args[0]);
    return request.apply(this, args);
  };
  try {
    const cluster = new SimCluster({ seed: 1, cluster: { nodes: ['n0', 'n1', 'n2'] } });
    await cluster.start();
    const client = cluster.client('c');
    await cluster.clock.advance(1000);
    await cluster.clock.until(
      client.write({ kind: 'write', bucket: 'default', key: '1', level: 'ALL', value: 'x' }, 5000),
    );
    // Heartbeats, and a round of anti-entropy.
    await cluster.clock.advance(30_000);
  } finally {
    Object.assign(SimBus.prototype, { subscribe, publish, request });
  }
  const patterns = addresses.map(
    address =>
      new RegExp(
        `^${address
          .replaceAll('.', '\\.')
          .replaceAll('$', '\\$')
          .replace(/\{\w+\}/g, '(?:[\\w-]+|\\*)')}$`,
      ),
  );
  // Answers go to inboxes.
  const named = [...seen].filter(subject => !subject.startsWith('_INBOX.'));
  assert.ok(named.length > 60, `${named.length} subjects`);
  assert.deepEqual(
    named.filter(subject => !patterns.some(pattern => pattern.test(subject))),
    [],
  );
});

test('every message refers to a schema, and its examples fit it', () => {
  const ajv = newAjv();
  const foreign = ['empty', 'pubAck', 'service'];
  for (const [name, { payload, examples = [] }] of Object.entries(document.components.messages)) {
    if (foreign.includes(name)) continue;
    const file = payload.schema?.$ref.replace('../schemas/', '') ?? '';
    const { $id = '' } = schemas.get(file) ?? {};
    assert.ok(examples.length > 0, `${name} has no example`);
    for (const example of examples)
      assert.equal(ajv.validate($id, example.payload), true, `${name}: ${ajv.errorsText()}`);
  }
});

test('every schema has its own absolute $id, and examples that fit it', () => {
  const ajv = newAjv();
  for (const [file, { $id, examples }] of schemas) {
    assert.equal($id, `dynats:/v1/${file}`);
    assert.equal(new URL($id).href, $id);
    if (file === 'common.json') continue;
    assert.ok(examples !== undefined && examples.length > 0, `${file} has no example`);
    for (const example of examples)
      assert.equal(ajv.validate($id, example), true, `${file}: ${ajv.errorsText()}`);
  }
});

test('every $ref of the schemas is found by $id alone, wherever the files are', () => {
  const ids = new Map([...schemas.values()].map(schema => [schema.$id, schema]));
  const dead: string[] = [];
  const visit = (value: unknown, base: string) => {
    if (value === null || typeof value !== 'object') return;
    const { $ref } = value as { $ref?: unknown };
    if (typeof $ref === 'string') {
      const { href, hash } = new URL($ref, base);
      const target = hash
        .slice(2)
        .split('/')
        .filter(key => key !== '')
        .reduce<unknown>(
          (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
          ids.get(href.slice(0, href.length - hash.length)),
        );
      if (target === undefined) dead.push(`${base}: ${$ref}`);
    }
    for (const inner of Object.values(value)) visit(inner, base);
  };
  for (const schema of schemas.values()) visit(schema, schema.$id);
  assert.deepEqual(dead, []);
});

test('the package exports every schema', () => {
  for (const [file, { $id }] of schemas) {
    const url = import.meta.resolve(`dynats/schemas/${file}`);
    assert.equal((JSON.parse(readFileSync(fileURLToPath(url), 'utf8')) as { $id: string }).$id, $id);
  }
});

test('no two channels share a name or an address', () => {
  const all = exchanges(COORDINATORS);
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  assert.equal(new Set(all.map(({ address }) => address)).size, all.length);
});
