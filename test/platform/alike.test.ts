// What is Node's in Node and a browser's in a browser gives the same results in both.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as bytesInBrowser from '../../src/platform/browser/bytes.js';
import * as checksumInBrowser from '../../src/platform/browser/checksum.js';
import * as histogramInBrowser from '../../src/platform/browser/histogram.js';
import * as bytesInNode from '../../src/platform/node/bytes.js';
import * as checksumInNode from '../../src/platform/node/checksum.js';
import * as histogramInNode from '../../src/platform/node/histogram.js';

/** Lone surrogates and a byte order mark too. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 })
    .map(units => String.fromCharCode(...units)),
  fc.constant('\ufeffmarked'),
);
const bytes = fc.uint8Array({ maxLength: 300 });
const plain = (array: Uint8Array) => [...array];

test('text and bytes', () => {
  fc.assert(
    fc.property(text, value => {
      assert.equal(bytesInBrowser.utf8Length(value), bytesInNode.utf8Length(value));
      assert.deepEqual(plain(bytesInBrowser.utf8(value)), plain(bytesInNode.utf8(value)));
      assert.equal(bytesInBrowser.base64Url(value), bytesInNode.base64Url(value));
    }),
  );
  fc.assert(
    fc.property(bytes, fc.nat(300), fc.nat(300), (value, a, b) => {
      assert.equal(bytesInBrowser.textOf(value), bytesInNode.textOf(value));
      const [start, end] = [Math.min(a, b, value.length), Math.min(Math.max(a, b), value.length)];
      assert.equal(bytesInBrowser.latin1(value, start, end), bytesInNode.latin1(value, start, end));
    }),
  );
});

test('base64', () => {
  fc.assert(
    fc.property(bytes, value => {
      const written = bytesInNode.base64(value);
      assert.equal(bytesInBrowser.base64(value), written);
      assert.deepEqual(plain(bytesInBrowser.fromBase64(written)), plain(bytesInNode.fromBase64(written)));
      const forUrl = Buffer.from(value).toString('base64url');
      assert.deepEqual(plain(bytesInBrowser.fromBase64Url(forUrl)), plain(bytesInNode.fromBase64Url(forUrl)));
    }),
  );
  // As large as a value may be: more than one call of a function takes as arguments.
  const large = new Uint8Array(524_288).map((_, i) => i % 251);
  assert.equal(bytesInBrowser.base64(large), bytesInNode.base64(large));
});

test('what is no base64 does not throw where a continuation is read', () => {
  assert.deepEqual(plain(bytesInBrowser.fromBase64Url('*?')), []);
});

test('the order of bytes', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      assert.equal(bytesInBrowser.compareBytes(a, b), bytesInNode.compareBytes(a, b));
    }),
  );
});

test('checksums and hashes', () => {
  fc.assert(
    fc.property(text, bytes, (value, array) => {
      assert.equal(checksumInBrowser.crc32(value), checksumInNode.crc32(value));
      assert.equal(checksumInBrowser.crc32(array), checksumInNode.crc32(array));
      assert.equal(checksumInBrowser.sha256(value), checksumInNode.sha256(value));
    }),
  );
});

test('percentiles, but for an eighth', () => {
  const samples = fc.array(fc.integer({ min: 1, max: 60_000_000 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(samples, fc.constantFrom(50, 99), (values, percentile) => {
      const inBrowser = histogramInBrowser.createHistogram();
      const inNode = histogramInNode.createHistogram();
      for (const value of values) {
        inBrowser.record(value);
        inNode.record(value);
      }
      assert.equal(inBrowser.count, inNode.count);
      const exact = inNode.percentile(percentile);
      const found = inBrowser.percentile(percentile);
      assert.ok(found >= exact * 0.995 - 1 && found <= exact * 1.13 + 1, `${found} for ${exact}`);
      inBrowser.reset();
      assert.deepEqual([inBrowser.count, inBrowser.percentile(percentile)], [0, 0]);
    }),
  );
});
