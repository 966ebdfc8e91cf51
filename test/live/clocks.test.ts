// Nodes whose clocks are wrong by an hour, one ahead and one behind, on real brokers.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { connect as connectNats } from '@nats-io/transport-node';
import { connect } from '../../src/index.js';
import { type RunnableConfig, startNode } from '../../src/node/node.js';
import { startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

const HOUR_MS = 3_600_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

test('one node an hour ahead and one an hour behind go by the others, say so, and lose no write', async t => {
  const emulator = await startEmulator(t);
  /** The node's replica again, in this process, with a clock that is wrong. */
  const withClock = async (node: string, clockOffsetMs: number) => {
    await emulator.kill(node, ['replica']);
    const config = JSON.parse(await readFile(emulator.files(node).replicaConfig, 'utf8')) as RunnableConfig;
    const running = await startNode({ ...config, clockOffsetMs }, { logger: silent });
    t.after(() => running.stop());
  };
  await withClock('n1', HOUR_MS);
  await withClock('n2', -HOUR_MS);
  await using client = await connect({ servers: [...emulator.urls] });

  await t.test(
    'their status says what they correct, and that of the others says whose clock is wrong',
    async () => {
      await eventually(
        async () => {
          const [ahead, behind, right] = await Promise.all(
            ['n1', 'n2', 'n3'].map(node => client.status(node)),
          );
          assert.ok(near(ahead?.clock.correctionMs, -HOUR_MS) && near(behind?.clock.correctionMs, HOUR_MS));
          assert.equal(right?.clock.correctionMs, 0);
          assert.ok(near(right?.clock.aheadMs['n1'], HOUR_MS) && near(right?.clock.aheadMs['n2'], -HOUR_MS));
        },
        { deadlineMs: 5000, what: 'every node has compared the clocks' },
      );
    },
  );

  const nc = await connectNats({ servers: [...emulator.urls] });
  t.after(() => nc.close());
  /** A request without a version of its own: the node issues it. */
  const put = async (node: string, body: object) => {
    const reply = await nc.request(`dynats.node.${node}.put`, JSON.stringify({ key: 'k', ...body }), {
      timeout: 3000,
    });
    return reply.json<{ version: string; error?: { code: string; field: string } }>();
  };

  await t.test('a write through any of them wins over those before it, and is read', async () => {
    for (let round = 0; round < 5; round++)
      for (const node of ['n1', 'n2', 'n3', 'n0', 'n2', 'n1']) {
        const value = `${round} through ${node}`;
        const { version } = await put(node, { value });
        assert.ok(near(Number(version.split('@')[0]) / 1000, Date.now()), version);
        assert.equal((await client.get('k'))?.string(), value);
      }
  });

  await t.test('a time an hour ahead is refused by all of them, and one of now by none', async () => {
    for (const node of emulator.nodes) {
      const ahead = await put(node, { value: 'v', time: (Date.now() + HOUR_MS) * 1000, writer: 'w' });
      assert.deepEqual([ahead.error?.code, ahead.error?.field], ['INVALID_REQUEST', 'time']);
      const now = await put(node, { value: 'v', time: Date.now() * 1000, writer: `w-${node}` });
      assert.equal(now.error, undefined);
    }
  });
});

function near(actual: number | undefined, expected: number): boolean {
  return actual !== undefined && Math.abs(actual - expected) < 2000;
}
