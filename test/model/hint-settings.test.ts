import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeSettings, HINT_DEFAULTS, isExpired, policyOf } from '../../src/model/hint-settings.js';

test('what was set goes before what is configured, and that before the default', () => {
  const configured = { windowMs: 5000, bytesPerSecond: 2048 };
  const { settings } = policyOf(configured, { set: { windowMs: 9000 }, paused: ['n1'] });
  assert.deepEqual(settings, { ...HINT_DEFAULTS, windowMs: 9000, bytesPerSecond: 2048 });
  assert.deepEqual(policyOf(configured).settings, { ...HINT_DEFAULTS, ...configured });
});

test('a change leaves the other settings, and null takes one back', () => {
  const set = changeSettings(
    { windowMs: 1000, bytesPerSecond: 2048 },
    { windowMs: null, targetBytesMax: 4096 },
  );
  assert.deepEqual(set, { bytesPerSecond: 2048, targetBytesMax: 4096 });
});

test('a hint is too old when more time than the window has passed', () => {
  const window = { ...HINT_DEFAULTS, windowMs: 1000 };
  assert.equal(isExpired(5000, 6000, window), false);
  assert.equal(isExpired(5000, 6001, window), true);
});
