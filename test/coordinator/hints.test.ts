// What becomes of hints that nobody takes now, when the coordinator that keeps them for another try is closed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HintStore } from '../../src/coordinator/hints.js';
import { Liveness } from '../../src/coordinator/liveness.js';
import { type Bus, BusError } from '../../src/ports.js';
import { settle, VirtualClock } from '../sim/virtual-clock.js';

/** A store whose connection is closed: it can ask nobody, and does not know that anybody is gone. */
function storeOnClosedBus() {
  let requests = 0;
  const bus: Bus = {
    maxPayload: 1024 * 1024,
    request(subject) {
      requests++;
      return Promise.reject(new BusError('closed', subject));
    },
    publish() {},
    subscribe: () => ({ unsubscribe() {} }),
    settled: () => Promise.resolve(),
    probe() {},
  };
  const clock = new VirtualClock();
  const liveness = new Liveness(['n0', 'n1'], clock);
  liveness.heard({
    node: 'n1',
    incarnation: 1,
    state: 'serving',
    remembers: {},
    applied: 0,
    time: 1,
    now: 1,
  });
  const hints = new HintStore(bus, clock, liveness);
  const settled: boolean[] = [];
  const store = () =>
    hints.store({
      target: 'n0',
      preferenceList: ['n0', 'n1'],
      replicationFactor: 2,
      text: '{}',
      bytes: 3,
      settled: stored => settled.push(stored),
    });
  return { hints, store, settled, requests: () => requests };
}

test('a hint that waits for another try is given up when the store is closed, and who waits for it is told', async () => {
  const { hints, store, settled } = storeOnClosedBus();
  store();
  await settle();
  assert.deepEqual(settled, [], 'it waits for another try');
  assert.equal(hints.isIdle, false);

  hints.close();

  assert.deepEqual(settled, [false]);
  assert.equal(hints.isIdle, true);
  assert.equal(hints.failed, 1);
});

test('a hint whose append fails after the store was closed is given up at once', async () => {
  const { hints, store, settled, requests } = storeOnClosedBus();
  store();
  hints.close();
  await settle();

  assert.deepEqual(settled, [false]);
  assert.equal(hints.isIdle, true);
  assert.equal(requests(), 1);
});
