// Tries of the API client, on a bus whose only node is the test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiRequests, type Call } from '../../src/client/api.js';
import { Coordinators } from '../../src/client/coordinators.js';
import { InvalidRequestError, WriteTimeoutError } from '../../src/errors.js';
import type { Bus } from '../../src/ports.js';
import { systemClock } from '../../src/system.js';
import { toErrorReply } from '../../src/wire/error-reply.js';
import { encodeJson } from '../../src/wire/json.js';

const late = toErrorReply(new InvalidRequestError('deadline', 'the deadline had passed'));
const stored = {
  results: [{ key: 'k', version: '1@w', level: 'QUORUM', required: 2, acked: 2 }],
  time: 1,
  now: 1,
};

/** The first `lateReplies` messages come too late for the node. */
function requests(lateReplies: number): { api: ApiRequests; asked: () => number } {
  let asked = 0;
  const bus: Bus = {
    maxPayload: 1024 * 1024,
    request: async subject => ({ subject, data: encodeJson(asked++ < lateReplies ? late : stored) }),
    publish() {},
    subscribe: () => ({ unsubscribe() {} }),
    settled: () => Promise.resolve(),
    probe() {},
  };
  const nodes = () => ['n0', 'n1'];
  const api = new ApiRequests({
    bus,
    coordinators: new Coordinators({ bus, clock: systemClock, nodes }),
    nodes,
    onTime: () => {},
    nodesNow: () => undefined,
  });
  return { api, asked: () => asked };
}

const write = (): Call => ({
  isWrite: true,
  text: '{"op":"put","key":"k","value":"v"}',
  deadlineAtMs: performance.now() + 200,
  via: undefined,
});

test('a message that reaches its node too late is sent again', async () => {
  const { api, asked } = requests(1);
  assert.deepEqual(await api.execute(write()), stored.results[0]);
  assert.equal(asked(), 2);
});

test('when every message comes too late the call times out: the caller named no deadline that could be wrong', async () => {
  const { api } = requests(Number.POSITIVE_INFINITY);
  await assert.rejects(api.execute(write()), WriteTimeoutError);
});
