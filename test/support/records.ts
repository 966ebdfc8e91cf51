// Records for property tests: few times and writers, so that ties are common.
import fc from 'fast-check';
import type { WireRecord } from '../../src/wire/generated/types.js';

const head = {
  bucket: fc.constant('default'),
  key: fc.constantFrom('a', 'b'),
  time: fc.integer({ min: 1, max: 3 }),
  writer: fc.constantFrom('n0', 'n1'),
  expiresAt: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
};
const text = fc.oneof(fc.constantFrom('', 'x', 'y', '\u{10000}', '\uffff'), fc.string());

const any = fc.oneof(
  fc.record({ ...head, value: text }),
  fc.record({ ...head, base64: text.map(value => Buffer.from(value).toString('base64')) }),
  fc.record({ ...head, deleted: fc.constant(true as const) }),
);

export const recordArbitrary: fc.Arbitrary<WireRecord> = any.map(({ expiresAt, ...record }) =>
  expiresAt === undefined ? record : { ...record, expiresAt },
);
