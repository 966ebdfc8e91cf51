import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../../src/coordinator/lane.js';
import { Pace } from '../../src/coordinator/pace.js';
import { settle, VirtualClock } from '../sim/virtual-clock.js';

function laneWith(
  limits: Partial<{
    itemsMax: number;
    bytesMax: number;
    queuedMax: number;
    queuedBytesMax: number;
    inFlightMax: number;
  }> = {},
) {
  const sent: { ids: number[]; done: () => void }[] = [];
  const lane = new Lane<{ id: number; bytes: number }>(
    {
      bytesOf: ({ bytes }) => bytes,
      itemsMax: 100,
      bytesMax: 1000,
      queuedMax: 100,
      inFlightMax: 1,
      ...limits,
    },
    items => new Promise<void>(done => sent.push({ ids: items.map(item => item.id), done })),
  );
  const submit = (...ids: number[]) => {
    for (const id of ids) lane.submit({ id, bytes: 10 });
  };
  return { lane, sent, submit };
}

const isLate = (lane: Lane<number>, clock: VirtualClock, remainingMs: number) =>
  lane.isLateFor(remainingMs, clock.monotonic());

test('a lone item is sent at once', async () => {
  const { sent, submit } = laneWith();
  submit(1);
  await settle();
  assert.deepEqual(
    sent.map(m => m.ids),
    [[1]],
  );
});

test('what one message asks for goes out in one message', async () => {
  const { sent, submit } = laneWith();
  submit(1, 2, 3);
  await settle();
  assert.deepEqual(
    sent.map(m => m.ids),
    [[1, 2, 3]],
  );
});

test('while a message is in flight everything else waits, then goes together and in order', async () => {
  const { sent, submit } = laneWith();
  submit(1);
  await settle();
  submit(2);
  await settle();
  submit(3);
  await settle();
  assert.equal(sent.length, 1);
  sent[0]?.done();
  await settle();
  assert.deepEqual(
    sent.map(m => m.ids),
    [[1], [2, 3]],
  );
});

test('a message carries no more items and bytes than its limits, save one item that is larger alone', async () => {
  const { lane, sent, submit } = laneWith({ itemsMax: 2, bytesMax: 25 });
  submit(1, 2, 3);
  lane.submit({ id: 4, bytes: 99 });
  await settle();
  for (let i = 0; i < 3; i++) {
    sent[i]?.done();
    await settle();
  }
  assert.deepEqual(
    sent.map(m => m.ids),
    [[1, 2], [3], [4]],
  );
});

test('with more messages allowed in flight it does not wait for the first', async () => {
  const { sent, submit } = laneWith({ inFlightMax: 2 });
  submit(1);
  await settle();
  submit(2);
  await settle();
  submit(3);
  await settle();
  assert.deepEqual(
    sent.map(m => m.ids),
    [[1], [2]],
  );
});

test('is full when as much waits as may wait, and gives back what was not sent', async () => {
  const { lane, submit } = laneWith({ queuedMax: 2 });
  submit(1);
  await settle();
  submit(2);
  assert.ok(!lane.isFull);
  submit(3);
  assert.ok(lane.isFull && !lane.isIdle);
  assert.deepEqual(
    lane.takeQueued().map(item => item.id),
    [2, 3],
  );
  assert.ok(!lane.isFull);
});

test('is full when enough bytes wait, and has room again when they are sent or taken back', async () => {
  const { lane, sent, submit } = laneWith({ queuedBytesMax: 25, bytesMax: 20 });
  submit(1);
  await settle();
  submit(2, 3);
  assert.equal(lane.isFull, false);
  submit(4);
  assert.equal(lane.isFull, true);
  sent[0]?.done();
  await settle();
  assert.deepEqual(
    sent.map(m => m.ids),
    [[1], [2, 3]],
  );
  assert.equal(lane.isFull, false);
  submit(5, 6);
  assert.equal(lane.isFull, true);
  lane.takeQueued();
  assert.equal(lane.isFull, false);
});

test('is late for what half of its time would pass for, by the last message or by what waits first', async () => {
  const clock = new VirtualClock();
  const done: (() => void)[] = [];
  const lane = new Lane<number>(
    { bytesOf: () => 1, itemsMax: 10, bytesMax: 1000, queuedMax: 100, inFlightMax: 1 },
    () => new Promise<void>(settled => done.push(settled)),
    { pace: new Pace(clock), clock },
  );
  const submit = async (count: number) => {
    for (let i = 0; i < count; i++) lane.submit(i);
    await clock.advance(0);
  };
  await submit(1);
  await clock.advance(200);
  // Nothing waits yet, and no message has told how long one takes.
  assert.equal(isLate(lane, clock, 1), false);
  done[0]?.();
  await clock.advance(10);
  await submit(30);
  // Ten are under way again, twenty wait: two messages of 200 ms each.
  assert.deepEqual([isLate(lane, clock, 1000), isLate(lane, clock, 700)], [false, true]);
  await clock.advance(600);
  assert.deepEqual([isLate(lane, clock, 1300), isLate(lane, clock, 1000)], [false, true]);
  lane.takeQueued();
  assert.equal(isLate(lane, clock, 1), false);
});

test('is late by the bytes that wait where these make more messages than their number does', async () => {
  const clock = new VirtualClock();
  const done: (() => void)[] = [];
  const lane = new Lane<number>(
    { bytesOf: bytes => bytes, itemsMax: 10, bytesMax: 1000, queuedMax: 100, inFlightMax: 1 },
    () => new Promise<void>(settled => done.push(settled)),
    { pace: new Pace(clock), clock },
  );
  const submit = async (count: number, bytes: number) => {
    for (let i = 0; i < count; i++) lane.submit(bytes);
    await clock.advance(0);
  };
  await submit(1, 1);
  await submit(10, 1);
  await clock.advance(200);
  await submit(5, 900);
  done[0]?.();
  await clock.advance(10);
  // Ten that had waited are under way. Five wait since just now, of 4.5 messages of 200 ms each.
  assert.equal(done.length, 2);
  assert.deepEqual([isLate(lane, clock, 1900), isLate(lane, clock, 1700)], [false, true]);
});

test('once a message is sent, only what still waits tells how long it has', async () => {
  const clock = new VirtualClock();
  const done: (() => void)[] = [];
  const lane = new Lane<number>(
    { bytesOf: () => 1, itemsMax: 10, bytesMax: 1000, queuedMax: 100, inFlightMax: 1 },
    () => new Promise<void>(settled => done.push(settled)),
    { pace: new Pace(clock), clock },
  );
  lane.submit(0);
  await clock.advance(0);
  for (let i = 0; i < 10; i++) lane.submit(i);
  await clock.advance(300);
  lane.submit(11);
  done[0]?.();
  await clock.advance(10);
  assert.equal(done.length, 2);
  assert.deepEqual([isLate(lane, clock, 400), isLate(lane, clock, 50)], [false, true]);
});
