// `dynats migrate` copies a real JetStream KV bucket while it is written to, though it is killed, and a node with it.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { type Client, connect as connectClient } from '../../src/index.js';
import { cleanUp, dynats, type Started, startDynats, startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { startJetStream } from '../support/jetstream-server.js';
import { busUrl } from '../support/streams.js';

const KEYS = 200;
const LONG_KEY = 'x'.repeat(1100);
const DEADLINE_MS = 20_000;
const key = (i: number) => `user.${i % KEYS}`;

/** Writes to the bucket all the time, deletes and purges too, until it is told to stop. */
class Writer {
  private isOver = false;
  count = 0;
  private readonly done: Promise<void>;

  constructor(private readonly kv: KV) {
    this.done = this.run();
  }

  private async run(): Promise<void> {
    for (; !this.isOver; this.count++) {
      // Keys in an order that comes back to each now and then, and to a few of them often.
      const at = this.count % 3 === 0 ? this.count % 7 : (this.count * 37) % KEYS;
      if (this.count % 11 === 0) await this.kv.delete(key(at));
      else if (this.count % 29 === 0) await this.kv.purge(key(at));
      else await this.kv.put(key(at), `${this.count}`);
    }
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.done;
  }
}

/** Both sides through their own clients: nothing of the tool is asked. */
async function differences(kv: KV, client: Client, bucket: string): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < KEYS; i++) {
    const theirs = await kv.get(key(i));
    const ours = await client.get(key(i), { bucket });
    const wanted = theirs?.operation === 'PUT' ? theirs.string() : undefined;
    if (ours?.string() !== wanted) found.push(`${key(i)}: ${wanted} in KV, ${ours?.string()} in Dynats`);
  }
  return found;
}

interface Summary {
  put: number;
  there: number;
  direct: number;
  refused: { key: string; why: string }[];
  compared?: { same: number; direct: number; different: { key: string; why: string }[] };
}

interface Setting {
  readonly kv: KV;
  readonly connection: NatsConnection;
  readonly client: Client;
  readonly migrate: (...args: string[]) => ReturnType<typeof dynats>;
  readonly follow: () => Started;
  readonly killNode: (node: string) => Promise<void>;
}

async function setting(t: TestContext): Promise<Setting> {
  const [cluster, url] = await Promise.all([startEmulator(t, { partitioner: 'murmur3' }), startJetStream(t)]);
  const connection = await connect({ servers: url });
  cleanUp(t, () => connection.close());
  const kv = await new Kvm(connection).create('people', { history: 5, markerTTL: 60_000 });
  const servers = busUrl(cluster, 'n0');
  const client = await connectClient({ servers, timeoutMs: 10_000 });
  cleanUp(t, () => client.close());
  const flags = ['migrate', '--from', url, '--bucket', 'people', '--server', servers];
  return {
    kv,
    connection,
    client,
    migrate: (...args) => dynats(...flags, '--json', ...args),
    follow: () => startDynats(t, ...flags, '--follow'),
    killNode: node => cluster.kill(node).then(() => undefined),
  };
}

const summaryOf = ({ stdout, stderr }: { stdout: string; stderr: string }): Summary => {
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as Summary;
};

test('a KV bucket is copied while it is written to', async t => {
  const { kv, connection, client, migrate, follow, killNode } = await setting(t);
  for (let i = 0; i < KEYS; i++) await kv.put(key(i), `first ${i}`);
  await kv.put('too.large', new Uint8Array(600 * 1024));
  await kv.put(LONG_KEY, 'its key is too long');
  await kv.put('bytes', Uint8Array.of(0xff, 0x00));
  await kv.put('empty', '');
  const ttl = headers();
  ttl.set('Nats-TTL', '90s');
  await jetstream(connection).publish('$KV.people.short', 'lived', { headers: ttl });

  const writer = new Writer(kv);
  const first = follow();
  await first.printed('caught up');
  const killedAt = writer.count;
  await eventually(() => writer.count > killedAt + 50, {
    deadlineMs: DEADLINE_MS,
    what: 'it was written to',
  });
  first.kill('SIGKILL');
  await first.finished;
  await killNode('n2');
  const second = follow();
  await second.printed('going on after revision');
  await second.printed('caught up');
  await writer.stop();
  second.kill('SIGINT');
  const { code, stderr } = await second.finished;
  assert.notEqual(code, 130, stderr);

  await t.test(
    'the rest is copied by another run, both sides are the same but for what is refused by name',
    async () => {
      const last = await migrate('--from-start', '--verify');
      const { refused, compared } = summaryOf(last);
      const untaken = ['too.large', LONG_KEY];
      assert.deepEqual(
        refused.map(each => each.key),
        untaken,
      );
      assert.match(last.stderr, /refused: too\.large \(revision \d+\): .*524288/);
      assert.deepEqual(
        compared?.different.map(each => each.key),
        untaken,
      );
      assert.equal(last.code, 1, last.stderr);
      assert.deepEqual(await differences(kv, client, 'people'), []);
      assert.deepEqual((await client.get('bytes', { bucket: 'people' }))?.value, Buffer.of(0xff, 0x00));
      assert.equal((await client.get('empty', { bucket: 'people' }))?.string(), '');
      const { expiresAt = 0 } = await client.read('short', { bucket: 'people' });
      const leftMs = expiresAt / 1000 - Date.now();
      assert.ok(leftMs > 30_000 && leftMs <= 90_000, `${leftMs} ms left`);
    },
  );

  await t.test('all of it again changes nothing, not even what was written directly since', async () => {
    const before = await client.read(key(2), { bucket: 'people' });
    await client.put(key(1), 'direct', { bucket: 'people' });
    const again = await migrate('--from-start', '--verify');
    const { put, there, direct, compared } = summaryOf(again);
    assert.deepEqual([put, direct, compared?.direct], [0, 1, 1]);
    assert.ok(there > KEYS / 2, `${there} there already`);
    assert.deepEqual((await client.read(key(2), { bucket: 'people' })).version, before.version);
    assert.equal((await client.get(key(1), { bucket: 'people' }))?.string(), 'direct');
  });

  await t.test('what is later in KV replaces what was written directly', async () => {
    await kv.put(key(1), 'later');
    const { code, stderr } = await migrate();
    assert.equal(code, 0, stderr);
    assert.equal((await client.get(key(1), { bucket: 'people' }))?.string(), 'later');
  });
});
