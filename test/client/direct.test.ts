// Mode `direct`: what the caller may conclude when one try timed out and the next is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DirectRequests } from '../../src/client/direct.js';
import type { Coordinator } from '../../src/coordinator/coordinator.js';
import {
  type DynatsError,
  InvalidRequestError,
  OverloadedError,
  UnavailableError,
  WriteTimeoutError,
} from '../../src/errors.js';

function requestsThatFail(...failures: DynatsError[]) {
  const coordinator = { execute: () => Promise.reject(failures.shift()) } as unknown as Coordinator;
  return new DirectRequests({ coordinator, isOutOfTouch: () => false });
}

const put = { kind: 'write', bucket: 'default', key: '1', value: 'v', level: 'ALL' } as const;

for (const refusal of [
  new UnavailableError(3, 2),
  new OverloadedError('full'),
  new InvalidRequestError('time', 'too old'),
])
  test(`${refusal.code} after a try that timed out is no word on what that try did`, async () => {
    const timedOut = new WriteTimeoutError(3, 2);
    timedOut.version = '1@a';
    const requests = requestsThatFail(timedOut, refusal);
    await assert.rejects(requests.execute(put, performance.now() + 5000), (error: WriteTimeoutError) => {
      assert.deepEqual(
        [error.code, error.effect, error.required, error.version],
        ['WRITE_TIMEOUT', 'unknown', 3, '1@a'],
      );
      assert.equal(error.cause, refusal);
      return true;
    });
    await assert.rejects(requestsThatFail(refusal).execute(put, performance.now() + 5000), refusal);
  });
