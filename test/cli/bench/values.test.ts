// Values that can be checked: an answer that no write can have led to is found out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Values } from '../../../src/cli/bench/values.js';

test('a value has the size asked for and belongs to its key alone', () => {
  const values = new Values('w', 100);
  const value = values.next('key-1');
  assert.equal(value.length, 100);
  assert.ok(values.isOf('key-1', value));
  for (const other of ['key-2', 'key-10', 'key-', '']) assert.ok(!values.isOf(other, value), other);
});

test('what this writer has not written yet is not accepted, what another wrote is', () => {
  const values = new Values('w', 100);
  const ahead = new Values('w', 100);
  ahead.next('key-1');
  values.next('key-1');
  assert.ok(!values.isOf('key-1', ahead.next('key-1')));
  assert.ok(values.isOf('key-1', new Values('v', 100).next('key-1')));
});

test('a value that was cut, or is something else, is not accepted', () => {
  const values = new Values('w', 100);
  const value = values.next('key-1');
  for (const other of [value.slice(0, 50), `key-1${'.'.repeat(95)}`, ''])
    assert.ok(!values.isOf('key-1', other));
});
