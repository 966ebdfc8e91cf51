// Errors on the wire and back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ClosedError,
  type DynatsError,
  InternalError,
  InvalidRequestError,
  OverloadedError,
  ReadTimeoutError,
  UnavailableError,
  WriteTimeoutError,
} from '../../src/errors.js';
import { errorHeaders, fromErrorReply, toErrorReply } from '../../src/wire/error-reply.js';
import { errorReply } from '../../src/wire/generated/validators.js';

const errors: readonly DynatsError[] = [
  new UnavailableError(2, 1),
  new WriteTimeoutError(3, 2),
  new ReadTimeoutError(2, 0),
  new OverloadedError('full'),
  new InvalidRequestError('operations[3].key', 'operations[3].key is missing'),
  new ClosedError('closed', 'unknown'),
  new InternalError('oops'),
];
for (const error of errors)
  test(`${error.code} keeps its class, numbers and effect over the wire`, () => {
    const reply = toErrorReply(error);
    assert.ok(errorReply(reply));
    const back = fromErrorReply(reply);
    assert.equal(back.constructor, error.constructor);
    assert.deepEqual({ ...back }, { ...error });
    assert.equal(back.message, error.message);
  });

test('what is no expected failure becomes an internal error that gives nothing away', () => {
  const { error } = toErrorReply(new Error('secret path /x'));
  assert.equal(error.code, 'INTERNAL');
  assert.equal(error.effect, 'unknown');
  assert.ok(!error.message.includes('secret'));
});

test('the headers are one line of printable ASCII with the code first', () => {
  const reply = toErrorReply(new InvalidRequestError('k', `k is "😀\r\nNats-Evil: 1" ${'x'.repeat(5000)}`));
  const headers = errorHeaders(reply);
  assert.match(headers['Nats-Service-Error'] ?? '', /^INVALID_REQUEST: [\x20-\x7e]{1,500}$/);
  assert.equal(headers['Nats-Service-Error-Code'], '400');
});

test('an error of any length makes a reply that is valid', () => {
  assert.ok(errorReply(toErrorReply(new OverloadedError('😀'.repeat(5000)))));
});
