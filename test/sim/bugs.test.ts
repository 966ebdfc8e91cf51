// The net catches fish: some of the deliberate bugs of test/bugs, which `npm run test:bugs` tries all.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compiledName, inject } from '../bugs/bug.js';
import { hunt } from '../bugs/hunt.js';
import { BUGS, bugNamed } from '../bugs/list.js';

/** Of writing, hints, compaction and the order of versions; each is caught by the first few runs. */
const SAMPLE = [
  'a write counts an owner as acked before its log has stored the record',
  'a hint is dropped as soon as it has been read',
  'compaction purges one entry too far',
  'versions are ordered by time only',
];

test('every deliberate bug fits the code as it is', () => {
  const root = new URL('../../../', import.meta.url);
  for (const bug of BUGS) {
    const text = readFileSync(new URL(compiledName(bug.file), root), 'utf8');
    assert.notEqual(inject(bug, text), text, bug.name);
  }
  assert.equal(new Set(BUGS.map(({ name }) => name)).size, BUGS.length, 'two bugs have one name');
});

for (const name of SAMPLE)
  test(`the simulator catches that ${name}`, async () => {
    const { runs, rules } = await hunt(bugNamed(name), bugNamed(name));
    assert.ok(rules.length > 0, `not caught in ${runs} runs`);
  });
