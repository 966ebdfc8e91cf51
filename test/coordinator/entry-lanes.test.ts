import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EntryLane, type EntryOutcome } from '../../src/coordinator/entry-lanes.js';
import { type Bus, BusError, type Message } from '../../src/ports.js';
import { settle } from '../sim/virtual-clock.js';

/** A lane whose requests wait until the test answers them. */
function lane() {
  const requests: { answer: (ack: object) => void; fail: (error: BusError) => void }[] = [];
  const outcomes: EntryOutcome[] = [];
  const bus: Bus = {
    maxPayload: 1024 * 1024,
    request: subject =>
      new Promise<Message>((resolve, reject) =>
        requests.push({
          answer: ack => resolve({ subject, data: Buffer.from(JSON.stringify(ack)) }),
          fail: reject,
        }),
      ),
    publish() {},
    subscribe: () => ({ unsubscribe() {} }),
    settled: () => Promise.resolve(),
    probe() {},
  };
  const entries = new EntryLane({
    bus,
    subject: 'dynats.log.n1',
    stream: 'LOG_n1',
    ackTimeoutMs: 1000,
    onOutcome: outcome => outcomes.push(outcome),
  });
  const settled: string[] = [];
  const submit = (name: string) =>
    entries.submit({
      text: '{}',
      bytes: 3,
      acked: () => settled.push(`${name} acked`),
      failed: () => settled.push(`${name} failed`),
    });
  return { entries, requests, outcomes, settled, submit };
}

test('acks every record of an entry that its stream stored, and no other ack counts', async () => {
  const table: [object, string][] = [
    [{ stream: 'LOG_n1', seq: 7 }, 'a acked'],
    [{ stream: 'LOG_n2', seq: 7 }, 'a failed'],
    [{ stream: 'LOG_n1' }, 'a failed'],
    [{ error: { code: 503, err_code: 10077 } }, 'a failed'],
    // As a full stream of nats-server 2.15 answers.
    [{ error: { code: 503, err_code: 10077 }, stream: 'LOG_n1', seq: 0 }, 'a failed'],
    [{ stream: 'LOG_n1', seq: 0 }, 'a failed'],
    [[], 'a failed'],
  ];
  for (const [ack, expected] of table) {
    const { requests, settled, submit } = lane();
    submit('a');
    await settle();
    requests[0]?.answer(ack);
    await settle();
    assert.deepEqual(settled, [expected], JSON.stringify(ack));
  }
});

test('a lane given up fails at once what waits, and is free for when the node is back', async () => {
  const { entries, requests, outcomes, settled, submit } = lane();
  submit('sent');
  await settle();
  submit('queued');
  entries.abandon();
  assert.deepEqual(settled, ['sent failed', 'queued failed']);
  submit('after');
  await settle();
  assert.equal(requests.length, 2, 'the old request no longer blocks the lane');
  requests[1]?.answer({ stream: 'LOG_n1', seq: 8 });
  await settle();
  assert.deepEqual(settled.at(-1), 'after acked');
  requests[0]?.fail(new BusError('timeout', 'dynats.log.n1'));
  await settle();
  assert.deepEqual(
    outcomes.map(outcome => outcome.failure),
    [undefined],
    'a late timeout says nothing of the node that is back',
  );
});
