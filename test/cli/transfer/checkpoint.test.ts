import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { Checkpoint, DonePrefix } from '../../../src/cli/transfer/checkpoint.js';

const dir = mkdtempSync(path.join(os.tmpdir(), 'dynats-checkpoint-'));
after(() => rmSync(dir, { recursive: true }));

test('the prefix covers exactly the leading entries that are done, in whatever order they finish', () => {
  const outcomes = fc.uniqueArray(fc.record({ index: fc.nat(40), ok: fc.boolean() }), {
    selector: each => each.index,
  });
  fc.assert(
    fc.property(outcomes, fc.nat(5), (settled, start) => {
      const prefix = new DonePrefix(start);
      const later = settled.filter(each => each.index >= start);
      for (const { index, ok } of later) ok ? prefix.finish(index) : prefix.fail(index);
      let expected = start;
      while (later.some(each => each.index === expected && each.ok)) expected++;
      assert.equal(prefix.done, expected);
    }),
  );
});

test('a checkpoint is found again, until it is removed', () => {
  const file = path.join(dir, 'a.ndjson');
  writeFileSync(file, 'one\ntwo\n');
  assert.equal(new Checkpoint(file, 'default').load(), 0);
  new Checkpoint(file, 'default').save(7);
  appendFileSync(file, 'three\n');
  const again = new Checkpoint(file, 'default');
  assert.equal(again.load(), 7);
  again.remove();
  assert.equal(existsSync(again.path), false);
});

test('a checkpoint of another file, bucket or kind is refused', () => {
  const file = path.join(dir, 'b.ndjson');
  writeFileSync(file, 'one\n');
  new Checkpoint(file, 'default').save(1);
  assert.throws(() => new Checkpoint(file, 'other').load(), /into bucket default/);
  writeFileSync(file, 'uno\n');
  assert.throws(() => new Checkpoint(file, 'default').load(), /has changed/);
  writeFileSync(`${file}.progress`, '{"done":"all"}');
  assert.throws(() => new Checkpoint(file, 'default').load(), /is no progress file/);
  writeFileSync(`${file}.progress`, 'garbage');
  assert.throws(() => new Checkpoint(file, 'default').load(), /cannot be read/);
});
