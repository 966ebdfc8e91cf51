// Tries of the API client, on a bus whose only node is the test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ApiRequests, type Call } from '../../src/client/api.js';
import { Coordinators } from '../../src/client/coordinators.js';
import {
  DynatsError,
  InvalidRequestError,
  OverloadedError,
  ReadTimeoutError,
  UnavailableError,
  WriteTimeoutError,
} from '../../src/errors.js';
import { type Bus, BusError } from '../../src/ports.js';
import { systemClock } from '../../src/system.js';
import { toErrorReply } from '../../src/wire/error-reply.js';
import { encodeJson } from '../../src/wire/json.js';
import { FakeNodes } from './fake-nodes.js';

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

const write = (timeoutMs: number): Call => ({
  isWrite: true,
  text: '{"op":"put","key":"k","value":"v"}',
  deadlineAtMs: performance.now() + timeoutMs,
  via: undefined,
  traceparent: undefined,
});

/** Long enough for any machine: a call that waits for it has failed the test. */
const patienceMs = 60_000;

test('a message that reaches its node too late is sent again', async () => {
  const { api, asked } = requests(1);
  assert.deepEqual(await api.execute(write(patienceMs)), stored.results[0]);
  assert.equal(asked(), 2);
});

test('when every message comes too late the call times out: the caller named no deadline that could be wrong', async () => {
  const { api } = requests(Number.POSITIVE_INFINITY);
  await assert.rejects(api.execute(write(1000)), WriteTimeoutError);
});

/** Four nodes, of which n2 hangs and takes whatever goes to the queue group. */
function withHanging(reply: object): { bus: FakeNodes; api: ApiRequests } {
  const names = ['n0', 'n1', 'n2', 'n3'];
  const bus = new FakeNodes(names, 'n2', () => reply);
  bus.become('n2', 'hangs');
  const nodes = () => names;
  const coordinators = new Coordinators({ bus, clock: systemClock, nodes });
  return {
    bus,
    api: new ApiRequests({ bus, coordinators, nodes, onTime: () => {}, nodesNow: () => undefined }),
  };
}

test('one message meets a node that hangs, and then no more until it answers again', async () => {
  const { bus, api } = withHanging(stored);
  for (let i = 0; i < 20; i++) assert.deepEqual(await api.execute(write(patienceMs)), stored.results[0]);
  assert.equal(bus.met('n2', 'batch'), 1);
  bus.wake('n2');
  await new Promise(done => setImmediate(done));
  await api.execute(write(patienceMs));
  assert.equal(bus.met('n2', 'batch'), 2);
});

test('calls that want the node that hangs, and no other, wait for it', async () => {
  const { bus, api } = withHanging(stored);
  const named = api.execute({ ...write(patienceMs), via: 'n2' });
  await api.execute(write(patienceMs));
  bus.wake('n2');
  assert.deepEqual(await named, stored.results[0]);
  assert.equal(bus.met('n2', 'batch'), 2);
});

for (const [name, refusal] of [
  ['UNAVAILABLE', new UnavailableError(2, 1)],
  ['OVERLOADED', new DynatsError('OVERLOADED', 'too much', 'none')],
] as const) {
  const refused = { ...stored, results: [toErrorReply(refusal)] };
  test(`${name} of a backup is no word on what the node that hangs will do with the write`, async () => {
    const { api } = withHanging(refused);
    await assert.rejects(api.execute(write(patienceMs)), WriteTimeoutError);
  });

  test(`${name} is the outcome of a read whatever the node that hangs will do`, async () => {
    const { api } = withHanging(refused);
    await assert.rejects(api.execute({ ...write(patienceMs), isWrite: false }), { code: name });
  });
}

for (const refusal of [
  new UnavailableError(3, 2),
  new OverloadedError('full'),
  new InvalidRequestError('time', 'too old'),
]) {
  const refused = { ...stored, results: [toErrorReply(refusal)] };
  const withReplies = (...replies: object[]) => {
    const bus = new FakeNodes(['n0'], 'n0', subject =>
      subject.endsWith('batch') ? (replies.shift() ?? refused) : {},
    );
    const nodes = () => ['n0'];
    const coordinators = new Coordinators({ bus, clock: systemClock, nodes });
    return new ApiRequests({ bus, coordinators, nodes, onTime: () => {}, nodesNow: () => undefined });
  };

  test(`${refusal.code} of a try is no word on the try before it that timed out`, async () => {
    const timedOut = { ...stored, results: [toErrorReply(new WriteTimeoutError(3, 2))] };
    await assert.rejects(withReplies(timedOut).execute(write(patienceMs)), (error: DynatsError) => {
      assert.deepEqual([error.code, error.effect], ['WRITE_TIMEOUT', 'unknown']);
      assert.equal((error.cause as DynatsError).code, refusal.code);
      return true;
    });
    await assert.rejects(withReplies().execute(write(patienceMs)), { code: refusal.code, effect: 'none' });
  });
}

test('the last try has no answer in time: how far the one before it came is told', async () => {
  for (const told of [new ReadTimeoutError(2, 1), new WriteTimeoutError(2, 1)]) {
    let isFirst = true;
    const bus: Bus = {
      maxPayload: 1024 * 1024,
      request: async (subject, _data, timeoutMs) => {
        if (isFirst) {
          isFirst = false;
          return { subject, data: encodeJson({ ...stored, results: [toErrorReply(told)] }) };
        }
        await new Promise(done => setTimeout(done, timeoutMs));
        throw new BusError('timeout', subject);
      },
      publish() {},
      subscribe: () => ({ unsubscribe() {} }),
      settled: () => Promise.resolve(),
      probe() {},
    };
    const nodes = () => ['n0'];
    const coordinators = new Coordinators({ bus, clock: systemClock, nodes });
    const api = new ApiRequests({ bus, coordinators, nodes, onTime: () => {}, nodesNow: () => undefined });
    const call = { ...write(1000), isWrite: told instanceof WriteTimeoutError, via: 'n0' };
    await assert.rejects(api.execute(call), (error: unknown) => {
      assert.deepEqual(error, told);
      return true;
    });
    assert.ok(!isFirst);
  }
});

test('no answer yet to a try that hangs: a refusal of the next is no word on it, nor is its own answer lost', async () => {
  const replies: object[] = [{ ...stored, results: [toErrorReply(new UnavailableError(2, 1))] }];
  const bus = new FakeNodes(['n0', 'n1'], 'n1', subject =>
    subject.endsWith('batch') ? (replies.shift() ?? stored) : {},
  );
  bus.become('n1', 'hangs');
  const nodes = () => bus.nodes;
  const coordinators = new Coordinators({ bus, clock: systemClock, nodes });
  const api = new ApiRequests({ bus, coordinators, nodes, onTime: () => {}, nodesNow: () => undefined });
  // The backup's refusal asks for a second opinion, which n0 gives: it is stored, and that is told.
  assert.deepEqual(await api.execute(write(patienceMs)), stored.results[0]);
  assert.equal(bus.met('n1', 'batch'), 1);
});

test('what has waited for half of its time behind others is refused, and was never sent', async () => {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const bus: Bus = {
    maxPayload: 1024 * 1024,
    request: (subject, data) =>
      new Promise(resolve => {
        asked.push(Buffer.from(data).toString());
        answers.push(() => resolve({ subject, data: encodeJson(stored) }));
      }),
    publish() {},
    subscribe: () => ({ unsubscribe() {} }),
    settled: () => Promise.resolve(),
    probe() {},
  };
  const nodes = () => [];
  const coordinators = new Coordinators({ bus, clock: systemClock, nodes });
  const api = new ApiRequests({ bus, coordinators, nodes, onTime: () => {}, nodesNow: () => undefined });
  const before: Promise<unknown>[] = [];
  for (let i = 0; i < 4; i++) {
    before.push(api.execute(write(patienceMs)));
    await turn();
  }
  assert.equal(asked.length, 4);
  const late = api.execute({ ...write(100), text: '{"op":"put","key":"late","value":"v"}' });
  const inTime = api.execute({ ...write(patienceMs), text: '{"op":"put","key":"in time","value":"v"}' });
  const refused = assert.rejects(late, OverloadedError);
  const begunAtMs = performance.now();
  while (performance.now() - begunAtMs < 60) await turn();
  for (let i = 0; i < answers.length; i++) {
    answers[i]?.();
    await turn();
  }
  await Promise.all([refused, inTime, ...before]);
  assert.ok(asked.some(text => text.includes('in time')));
  assert.ok(!asked.some(text => text.includes('late')));
});
