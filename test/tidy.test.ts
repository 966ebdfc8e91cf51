// Keeps the house rules that no compiler checks: who may import whom, file sizes, bounded schemas, clean files.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** The rooms of src and what each may import beside itself. `wire` stands for types and codecs: no I/O. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  model: ['wire', 'platform'],
  ports: ['wire'],
  errors: ['wire'],
  version: [],
  system: ['ports', 'platform'],
  wire: ['model', 'errors', 'platform'],
  coordinator: ['model', 'ports', 'wire', 'errors', 'platform'],
  replica: ['model', 'ports', 'wire', 'errors', 'coordinator', 'platform'],
  nats: ['ports', 'wire', 'errors'],
  telemetry: ['ports'],
  client: ['model', 'ports', 'wire', 'errors', 'coordinator', 'nats', 'system', 'platform', 'telemetry'],
  node: [
    'model',
    'ports',
    'wire',
    'errors',
    'coordinator',
    'replica',
    'nats',
    'system',
    'telemetry',
    'version',
  ],
  kv: ['client', 'errors', 'model', 'wire', 'platform'],
  adapters: ['client', 'errors', 'index', 'model'],
  check: ['model'],
  backup: ['client', 'errors', 'model', 'wire'],
  chaos: ['model', 'wire', 'errors', 'client', 'check', 'emulator'],
  index: ['client', 'errors', 'model', 'wire'],
};

function sources(dir: string, endings = ['.ts']): string[] {
  return readdirSync(path.join(root, dir), { recursive: true, encoding: 'utf8' })
    .map(file => path.join(dir, file))
    .filter(file => endings.some(ending => file.endsWith(ending)) && statSync(path.join(root, file)).isFile())
    .filter(file => !file.includes(`generated${path.sep}`));
}

function roomOf(file: string): string {
  const [, first = ''] = file.split(path.sep);
  return first.replace(/\.ts$/, '');
}

/** `#platform/x` is Node's or a browser's, by package.json; `#open-bus` and `#join` are the client's. */
function sourceOf(target: string, importer: string): string {
  if (target.startsWith('#platform/')) return path.join('src', target.slice(1));
  if (target.startsWith('#')) return path.join('src/client', target.slice(1));
  return path.join(path.dirname(importer), target.replace(/\.js$/, '.ts'));
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].flatMap(match => match[1] ?? []);
}

test('each room imports only what it may', () => {
  const offences = sources('src').flatMap(file => {
    const allowed = mayImport[roomOf(file)];
    if (allowed === undefined) return [];
    return importsOf(file)
      .filter(target => /^[.#]/.test(target))
      .map(target => roomOf(sourceOf(target, file)))
      .filter(room => room !== roomOf(file) && !allowed.includes(room))
      .map(room => `${file} imports ${room}`);
  });
  assert.deepEqual(offences, []);
});

test('only the NATS room and the composition roots know the NATS client', () => {
  const rooms = new Set(['nats', 'node', 'client', 'kv', 'cli']);
  const offences = sources('src').filter(
    file => !rooms.has(roomOf(file)) && importsOf(file).some(target => target.startsWith('@nats-io/')),
  );
  assert.deepEqual(offences, []);
});

test('only the command line prints, reads arguments and exits', () => {
  const offences = sources('src').filter(
    file =>
      roomOf(file) !== 'cli' &&
      /\bconsole\.|process\.(?:exit|argv|stdout)\b/.test(readFileSync(path.join(root, file), 'utf8')),
  );
  assert.deepEqual(offences, []);
});

test('source files open with their job and stay small', () => {
  for (const file of sources('src')) {
    const lines = readFileSync(path.join(root, file), 'utf8').split('\n');
    assert.match(lines[0] ?? '', /^(\/\/ |#!)/, `${file} does not open with a comment on its job`);
    assert.ok(lines.length <= 420, `${file} has ${lines.length} lines: is it one job?`);
  }
});

test('no suppressed rules, left-over marks, sleeps or focused tests', () => {
  // Spelled apart, so that this file does not report itself.
  const marks = ['TO' + 'DO', 'FIX' + 'ME', '@ts-' + 'ignore', '@ts-' + 'expect-error', '\\.on' + 'ly\\('];
  const pattern = new RegExp(marks.join('|'));
  const offences = [...sources('src'), ...sources('test')].filter(file =>
    pattern.test(readFileSync(path.join(root, file), 'utf8')),
  );
  assert.deepEqual(offences, []);
});

test('every string and array of every schema is bounded', () => {
  const offences: string[] = [];
  const visit = (node: unknown, at: string) => {
    if (node === null || typeof node !== 'object') return;
    const schema = node as Record<string, unknown>;
    const types = [schema['type']].flat();
    const isBoundedText =
      'maxLength' in schema || 'pattern' in schema || 'enum' in schema || 'const' in schema;
    if (types.includes('string') && !isBoundedText) offences.push(`${at}: a string without a bound`);
    if (types.includes('array') && !('maxItems' in schema)) offences.push(`${at}: an array without a bound`);
    if (types.includes('object') && !('additionalProperties' in schema) && !('discriminator' in schema))
      offences.push(`${at}: an object open to anything`);
    for (const [key, value] of Object.entries(schema)) visit(value, `${at}/${key}`);
  };
  for (const file of sources('schemas', ['.json']))
    visit(JSON.parse(readFileSync(path.join(root, file), 'utf8')), file);
  assert.deepEqual(offences, []);
});

test('the lockfile names no registry', () => {
  const lock = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  assert.doesNotMatch(lock, /"resolved": "http/);
});
