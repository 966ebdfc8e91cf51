// Every guarantee names the tests that show it: they must exist, under that name.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const page = readFileSync(path.join(root, 'docs/GUARANTEES.md'), 'utf8').replace(/\n[ \t]+/g, ' ');

/** `[path](../path) "name", "name" and "name"`, with words between that are no link. */
function* named(): Generator<{ file: string; name: string }> {
  for (const [, file = '', rest = ''] of page.matchAll(/\]\(\.\.\/(test\/[^)]+)\)([^[\n]*)/g))
    for (const [, name = ''] of rest.matchAll(/"([^"]+)"/g)) yield { file, name };
}

test('every test that the guarantees name exists', () => {
  const missing = [...named()].filter(({ file, name }) => {
    const full = path.join(root, file);
    return !existsSync(full) || !readFileSync(full, 'utf8').includes(name);
  });
  assert.deepEqual(missing, []);
});

test('every guarantee says what shows it or follows from one that does', () => {
  const sections = page
    .split('\n## ')
    .slice(1)
    .filter(section => !section.startsWith('By level'));
  assert.ok(sections.length > 5);
  for (const section of sections) assert.match(section, /Shown by: \[test\//, section.split('\n')[0]);
  assert.ok([...named()].length >= 20);
});
