// A client whose bus server hangs, without a word: it finds out, and goes to another one before its calls' time is up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, Mode } from '../../src/index.js';
import { cleanUp, startEmulator, withoutAntiEntropy } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl } from '../support/streams.js';

const frozen = 'n1';
const writers = 8;

test('calls of a client whose bus server hangs are answered in time, over another one', async t => {
  const emulator = await startEmulator(t, { partitioner: 'murmur3', replica: withoutAntiEntropy });
  const pid = emulator.report().nodes[frozen]?.bus.pid ?? 0;
  assert.ok(pid > 0);
  for (const mode of [Mode.Api, Mode.Direct])
    await t.test(`mode ${mode}`, async t => {
      // Less than it takes the NATS client to give up a server that answers no pings.
      const timeoutMs = 5000;
      const client = await connect({
        servers: [busUrl(emulator, frozen), ...emulator.urls],
        mode,
        timeoutMs,
        nats: { noRandomize: true },
      });
      cleanUp(t, async () => {
        process.kill(pid, 'SIGCONT');
        await client.close();
      });
      let done = 0;
      let longestMs = 0;
      let isOver = false;
      const all = Array.from({ length: writers }, async (_, writer) => {
        while (!isOver) {
          const begunAtMs = performance.now();
          await client.put(`key ${writer}`, `value ${done}`);
          done++;
          longestMs = Math.max(longestMs, performance.now() - begunAtMs);
        }
      });
      const ended = Promise.all(all);
      const isAhead = (by: number) => {
        const until = done + by;
        const ahead = eventually(() => assert.ok(done > until), { deadlineMs: 15_000, what: 'puts go on' });
        return Promise.race([ahead, ended]);
      };
      await isAhead(200);
      process.kill(pid, 'SIGSTOP');
      const stoppedAtMs = performance.now();
      await isAhead(200);
      // In mode direct the logs are reached without it, until no heartbeats have come for a while.
      while (performance.now() - stoppedAtMs < timeoutMs) await isAhead(10);
      isOver = true;
      await ended;
      t.diagnostic(`the longest call took ${Math.round(longestMs)} ms`);
      process.kill(pid, 'SIGCONT');
    });
});
