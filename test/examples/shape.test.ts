// The examples have the shape of NATS by Example: a directory for each, in it one for each client, with its output.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { entryOf, exampleNames, examplesDir, expectedOf } from '../support/examples.js';

const read = (...names: string[]) => readFileSync(path.join(examplesDir, ...names), 'utf8');

test('every example is listed, in the category and in the index', () => {
  const { examples } = parse(read('meta.yaml')) as { examples: string[] };
  assert.deepEqual([...examples].sort(), exampleNames().sort());
  const index = read('README.md');
  for (const name of examples)
    for (const [client, entry] of Object.entries(entryOf))
      assert.ok(index.includes(`](${name}/${client}/${entry})`), `${name}/${client} is not in the index`);
});

test('every example has a title, a description and every client, each with a program and its output', () => {
  for (const name of exampleNames()) {
    const meta = parse(read(name, 'meta.yaml')) as { title?: string; description?: string };
    assert.ok(meta.title && meta.description, name);
    for (const [client, entry] of Object.entries(entryOf)) {
      assert.ok(existsSync(path.join(examplesDir, name, client, entry)), `${name}/${client}/${entry}`);
      assert.notEqual(expectedOf(name, client), '', `${name}/${client}/output.txt`);
    }
    assert.deepEqual(
      readdirSync(path.join(examplesDir, name)).sort(),
      [...Object.keys(entryOf), 'meta.yaml'].sort(),
    );
  }
});

test('what differs from run to run is all that is left out of a comparison', async () => {
  const { stable } = await import('../support/examples.js');
  const reply = (version: string, value: string) =>
    `{"key":"137","version":"${version}","value":"${value}"}\n\n\n`;
  const one = stable(reply('1795391898437000@n0~6oqqcsm2', 'a'));
  assert.equal(one, stable(reply('1795391898437999@client~x', 'a')));
  assert.notEqual(one, stable(reply('1795391898437000@n0~6oqqcsm2', 'b')));
});
