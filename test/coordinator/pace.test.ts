import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Lane } from '../../src/coordinator/lane.js';
import { Pace } from '../../src/coordinator/pace.js';
import { settle, VirtualClock } from '../sim/virtual-clock.js';

interface Sent {
  readonly lane: string;
  readonly items: number;
  readonly done: () => void;
}

/** Lanes in step, whose messages are settled by the test. */
function lanesInStep(...names: string[]) {
  const clock = new VirtualClock();
  const inStep = { pace: new Pace(clock), clock };
  const sent: Sent[] = [];
  const lanes = new Map(
    names.map(name => [
      name,
      new Lane<number>(
        { bytesOf: () => 1, itemsMax: 100, bytesMax: 1000, queuedMax: 100, inFlightMax: 1 },
        items => new Promise<void>(done => sent.push({ lane: name, items: items.length, done })),
        inStep,
      ),
    ]),
  );
  const submit = async (items: Record<string, number>) => {
    for (const [name, count] of Object.entries(items))
      for (let i = 0; i < count; i++) lanes.get(name)?.submit(i);
    await clock.advance(0);
  };
  /** Settles the message in flight on a lane. */
  const ack = async (name: string) => {
    sent.findLast(message => message.lane === name)?.done();
    await settle();
    await clock.advance(0);
  };
  const peek = () => sent.map(({ lane, items }) => `${lane}${items}`);
  return { clock, lanes, submit, ack, peek };
}

test('alone, an operation goes to all its lanes at once', async () => {
  const { submit, peek } = lanesInStep('a', 'b', 'c');
  await submit({ a: 1, b: 1, c: 1 });
  assert.deepEqual(peek(), ['a1', 'b1', 'c1']);
});

test('a free lane waits while more is under way than waits, and then all go together', async () => {
  const { clock, submit, ack, peek } = lanesInStep('a', 'b', 'c');
  await submit({ a: 4, b: 4, c: 4 });
  assert.deepEqual(peek(), ['a4', 'b4', 'c4']);
  await clock.advance(3);
  await ack('a');
  await submit({ a: 2, b: 2 });
  assert.deepEqual(peek().slice(3), [], '8 under way, 4 wait');
  await ack('b');
  assert.deepEqual(peek().slice(3), ['a2', 'b2'], '4 under way, 4 wait');
});

test('no lane waits longer than its own last message took, whatever hangs elsewhere', async () => {
  const { clock, submit, ack, peek } = lanesInStep('a', 'b');
  await submit({ a: 1, b: 9 });
  await clock.advance(3);
  await ack('a');
  await submit({ a: 1 });
  assert.deepEqual(peek().slice(2), []);
  await clock.advance(2.9);
  assert.deepEqual(peek().slice(2), []);
  await clock.advance(0.1);
  assert.deepEqual(peek().slice(2), ['a1']);
});

test('what is taken back neither waits nor is under way any more', async () => {
  const { clock, lanes, submit, ack, peek } = lanesInStep('a', 'b');
  await submit({ a: 1 });
  await clock.advance(4);
  await ack('a');
  await submit({ b: 2 });
  await submit({ b: 5 });
  assert.equal(lanes.get('b')?.takeQueued().length, 5);
  await submit({ a: 1 });
  assert.deepEqual(peek(), ['a1', 'b2'], '2 under way, 1 waits');
  await ack('b');
  assert.deepEqual(peek(), ['a1', 'b2', 'a1']);
  assert.equal(lanes.get('b')?.isIdle, true);
  await ack('a');
  await clock.advance(100);
  assert.equal(peek().length, 3);
});
