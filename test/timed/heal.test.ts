// A node that lost its data, or a part of it, is whole again with no help; until then no quorum read misses anything that
// was acknowledged.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Emulator } from '../../src/emulator/emulator.js';
import type { EmulatorOptions } from '../../src/emulator/options.js';
import {
  type Client,
  connect,
  ReadTimeoutError,
  UnavailableError,
  WriteTimeoutError,
} from '../../src/index.js';
import { flipBit, keepCopy, restoreOldCopy } from '../support/damage.js';
import { startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { assertAgree, fill, recordOf } from '../support/filled-store.js';
import { serves, statusWhen } from '../support/status-when.js';
import { busUrl, openStreams } from '../support/streams.js';

/** Owns every record, as do n2 and n3. */
const target = 'n1';
const third = 'n3';
const records = 100_000;
/** Records written after the copy was made that the node gets for its disk. */
const tail = 10_000;
const wholeMs = 30_000;

interface Cluster {
  readonly emulator: Emulator;
  /** On the bus server of n0, which owns none of the records and stays alive. */
  readonly client: Client;
}

async function started(t: TestContext, options: Partial<EmulatorOptions> = {}): Promise<Cluster> {
  const emulator = await startEmulator(t, options);
  const client = await connect({
    servers: busUrl(emulator, 'n0'),
    timeoutMs: 10_000,
    nats: { ignoreClusterUpdates: true },
  });
  t.after(() => client.close());
  return { emulator, client };
}

async function restartAll({ emulator, client }: Cluster): Promise<void> {
  await Promise.all(emulator.nodes.map(node => emulator.kill(node)));
  await Promise.all(emulator.nodes.map(node => emulator.restart(node)));
  for (const node of emulator.nodes) await serves(client, node);
}

/** Reads at QUORUM what was acknowledged, without a pause. */
class Reader {
  answered = 0;
  refused = 0;
  private running = true;
  private readonly done: Promise<void>;

  constructor(private readonly client: Client) {
    this.done = this.run();
    this.done.catch(() => {}); // `more` and `stop` tell.
  }

  /** Waits for 20 more calls of one kind. @throws when a read did not return what had been acknowledged. */
  async more(kind: 'answered' | 'refused', what: string): Promise<void> {
    const enough = this[kind] + 20;
    const seen = eventually(() => this[kind] >= enough, { deadlineMs: wholeMs, what });
    await Promise.race([seen, this.done]);
  }

  /** @throws when a read did not return what had been acknowledged. */
  async stop(): Promise<void> {
    this.running = false;
    await this.done;
  }

  private async run(): Promise<void> {
    for (let i = 0; this.running; i += 7919) {
      const { key, value } = recordOf(i % records);
      const written = `while recovering ${i}`;
      await this.allowRefusal(async () => {
        assert.equal((await this.client.get(key, { level: 'QUORUM', timeoutMs: 2000 }))?.string(), value);
      });
      await this.allowRefusal(async () => {
        await this.client.put(written, written, { level: 'QUORUM', timeoutMs: 2000 });
        assert.equal((await this.client.get(written, { level: 'QUORUM' }))?.string(), written);
      });
    }
  }

  private async allowRefusal(call: () => Promise<void>): Promise<void> {
    try {
      await call();
      this.answered++;
    } catch (error) {
      // A write under way when an owner is killed may stay without enough acks.
      if (
        !(
          error instanceof UnavailableError ||
          error instanceof ReadTimeoutError ||
          error instanceof WriteTimeoutError
        )
      )
        throw error;
      this.refused++;
    }
  }
}

test(`a node that lost data is whole again within ${wholeMs / 1000} s at ${records} records`, async t => {
  const cluster = await started(t);
  const { emulator, client } = cluster;
  await fill(client, 0, records - tail);
  await emulator.kill(target);
  await keepCopy(emulator, target);
  await emulator.restart(target);
  await serves(client, target);
  await fill(client, records - tail, records);

  const damages: readonly [string, () => unknown][] = [
    ['the end of its log', () => restoreOldCopy(emulator, target)],
    ['a block of its log', () => flipBit(emulator, target)],
    ['everything', () => emulator.wipe(target)],
  ];
  for (const [what, inflict] of damages)
    await t.test(`when it lost ${what}`, async t => {
      const { id } = (await client.status(target)).log;
      await emulator.kill(target);
      await inflict();
      const begunAtMs = performance.now();
      await emulator.restart(target);
      const { log } = await serves(client, target, wholeMs);
      const tookMs = performance.now() - begunAtMs;
      assert.notEqual(log.id, id, 'it had noticed, and began a new life of its log');
      t.diagnostic(`whole after ${(tookMs / 1000).toFixed(1)} s`);
      assert.ok(tookMs < wholeMs, `${tookMs} ms`);
      await assertAgree(client, ['n1', 'n2', 'n3']);
    });

  await t.test('and serves again whenever all are started again', async () => {
    const { id } = (await client.status(target)).log;
    await restartAll(cluster);
    assert.equal((await client.status(target)).log.id, id, 'nobody took it for another loss');
    await assertAgree(client, ['n1', 'n2', 'n3']);
  });

  await t.test('and no quorum read misses anything, though the third owner is dead meanwhile', async t => {
    await emulator.kill(target);
    emulator.wipe(target);
    const reader = new Reader(client);
    await emulator.kill(third);
    assert.equal((await emulator.restart(target)).state, 'recovering');
    await statusWhen(client, target, {
      what: 'has got what the second holds',
      check: ({ keys, antiEntropy }) => keys >= records && antiEntropy.rounds > 0,
      deadlineMs: wholeMs,
    });
    await reader.more('refused', 'reads are refused while too few can answer');
    assert.equal((await client.status(target)).state, 'recovering', 'it cannot be whole without the third');
    await emulator.restart(third);
    await serves(client, target, wholeMs);
    await reader.more('answered', 'reads are answered');
    await emulator.kill(third);
    await reader.more('answered', 'reads are answered by it and one other');
    await reader.stop();
    t.diagnostic(`${reader.answered} calls answered, ${reader.refused} refused`);
    await emulator.restart(third);
  });
});

test('a peer that was away while a node was made whole does not make it recover again', async t => {
  // n1 shares its keys with n0 and n2 only, so that it is made whole without n3.
  const cluster = await started(t, { replicationFactor: 2 });
  const { emulator, client } = cluster;
  await fill(client, 0, 500);
  await using streams = await openStreams(emulator, 'n0');
  const rememberedBy = async (node: string) => {
    const reply = await streams.connection.request(
      `dynats.replica.${node}.remembered`,
      JSON.stringify({ node: target }),
    );
    return reply.json<{ position: { log: string } | null }>().position?.log;
  };
  const before = (await client.status(target)).log.id;
  await eventually(async () => (await rememberedBy('n3')) === before, {
    deadlineMs: wholeMs,
    what: 'n3 remembers the log',
  });
  await emulator.kill('n3');
  await emulator.kill(target);
  emulator.wipe(target);
  await emulator.restart(target);
  const healed = (await serves(client, target)).log.id;
  assert.notEqual(healed, before);

  await emulator.restart('n3');
  await eventually(async () => (await rememberedBy('n3')) === healed, {
    deadlineMs: wholeMs,
    what: 'n3 has learned the new log',
  });
  const { state, log } = await client.status(target);
  assert.deepEqual({ state, log: log.id }, { state: 'serving', log: healed });
  await restartAll(cluster);
  assert.equal((await client.status(target)).log.id, healed, 'nobody took it for another loss');
});
