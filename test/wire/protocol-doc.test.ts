// Keeps the docs true where a machine can tell: subjects, schemas, error codes, the worked example, configurations, links.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ErrorCode } from '../../src/errors.js';
import { nodeConfig } from '../../src/wire/generated/validators.js';
import { check } from '../../src/wire/json.js';
import { decodeEntry } from '../../src/wire/log-entry.js';
import { ApiVerb, NodeVerb, subjects } from '../../src/wire/subjects.js';

const root = path.resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const textOf = (file: string) => readFileSync(path.join(root, file), 'utf8');
const protocol = textOf('docs/PROTOCOL.md');

/** Every subject, by builder: a new builder does not compile until it stands here. */
const samples: Record<keyof typeof subjects, string[]> = {
  api: [...Object.values(ApiVerb), 'cluster' as const].map(verb => subjects.api(verb)),
  node: [...Object.values(ApiVerb), ...Object.values(NodeVerb)].map(verb => subjects.node('<node>', verb)),
  read: [subjects.read('<node>')],
  scan: [subjects.scan('<node>')],
  remembered: [subjects.remembered('<node>')],
  tree: [subjects.tree('<node>')],
  leaves: [subjects.leaves('<node>')],
  held: [subjects.held('<node>')],
  alive: [subjects.alive('<node>')],
  log: [subjects.log('<node>')],
  applied: [subjects.applied('<node>')],
  allApplied: [subjects.allApplied],
  hints: [subjects.hints('<holder>', '<target>')],
  allHints: [subjects.allHints('<holder>')],
  presence: [subjects.presence('<node>')],
  allPresence: [subjects.allPresence],
};

/** Keys of a log stream's metadata, spelled like subjects. */
const metadata = ['dynats.log', 'dynats.recovering', 'dynats.former', 'dynats.hints'];

/** A subject with one placeholder for every node, as `dynats.log.<target>` is `dynats.log.<node>`. */
const general = (subject: string) => subject.replace(/<(?:node|holder|target)>|\bn\d+\b/g, '<node>');

function blocksOf(file: string, language: string): string[] {
  return [...textOf(file).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block]) => block ?? '',
  );
}

test('the protocol page names every subject, as a subject', () => {
  const missing = Object.values(samples)
    .flat()
    .filter(subject => !protocol.includes(`\`${subject}\``));
  assert.deepEqual(missing, []);
});

test('the protocol page names no subject that does not exist', () => {
  const known = new Set(Object.values(samples).flat().map(general));
  const named = [...protocol.matchAll(/\bdynats(?:\.(?:[\w-]+|<\w+>|\*))+/g)].map(([subject]) => subject);
  const unknown = named.filter(subject => !known.has(general(subject)) && !metadata.includes(subject));
  assert.deepEqual(unknown, []);
});

test('the protocol page links every schema, and no other', () => {
  const linked = [...protocol.matchAll(/\(\.\.\/schemas\/([^)]+)\)/g)].map(([, file]) => file ?? '');
  assert.deepEqual([...new Set(linked)].sort(), readdirSync(path.join(root, 'schemas')).sort());
});

test('the protocol page has every error code', () => {
  const missing = Object.values(ErrorCode).filter(code => !protocol.includes(`\n| \`${code}\` `));
  assert.deepEqual(missing, []);
});

test('the worked example of a log entry is one', () => {
  const examples = blocksOf('docs/PROTOCOL.md', 'text').map(block => Buffer.from(block.trim()));
  assert.deepEqual(
    examples.map(bytes => [bytes.length, decodeEntry(bytes).kind]),
    [[131, 'entry']],
  );
});

test('every node configuration in the docs is valid', () => {
  const configs = blocksOf('docs/OPERATIONS.md', 'json').map(block => check(nodeConfig, JSON.parse(block)));
  assert.ok(configs.length > 0);
  for (const { node, cluster } of configs) assert.ok(cluster.nodes.includes(node));
});

test('every link of the docs leads to a file', () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...readdirSync(path.join(root, 'docs')).map(file => `docs/${file}`),
  ];
  const dead = pages
    .filter(page => page.endsWith('.md'))
    .flatMap(page =>
      [...textOf(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, target]) => path.join(path.dirname(page), target ?? ''))
        .filter(target => !existsSync(path.join(root, target)))
        .map(target => `${page} links ${target}`),
    );
  assert.deepEqual(dead, []);
});
