// Watches on real brokers: what is there, then each newer version once and in order, through the death of any node, the one
// the watcher is connected to among them, and through nodes that hang.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, connect, Mode, type Watch, type WatchEvent } from '../../src/index.js';
import { compareVersions, parseVersion, type Version } from '../../src/model/record.js';
import { cleanUp, startDynats, startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { eachSucceeds, Writer } from '../support/load.js';
import { busUrl, openStreams } from '../support/streams.js';

const deadlineMs = 30_000;
const other = 'other';
/** Writes of each writer before something happens, while a node is dead or hangs, and after it. */
const writesEach = 20;

/** A watch and everything it has delivered. */
class Follower {
  readonly events: WatchEvent[] = [];
  readonly done: Promise<void>;

  constructor(
    readonly name: string,
    readonly watch: Watch,
  ) {
    this.done = this.take();
  }

  /** The newest of each key. */
  newest(): Map<string, Version> {
    return new Map(this.events.map(event => [event.key, versionOf(event)]));
  }

  /** Waits for that many events. */
  async reach(count: number): Promise<void> {
    await eventually(() => this.events.length >= count, {
      deadlineMs,
      what: `${this.name} gets ${count} events, it has ${this.events.length}`,
    });
  }

  private async take(): Promise<void> {
    for await (const event of this.watch) this.events.push(event);
  }
}

const versionOf = ({ version = '', kind }: WatchEvent) => parseVersion(version, kind === 'delete');
const shown = ({ kind, bucket, key, entry, isUpdate }: WatchEvent) =>
  `${isUpdate ? 'then ' : ''}${kind} ${bucket} > ${key}${entry === undefined ? '' : `: ${entry.string()}`}`;

function assertInOrder({ name, events }: Follower): void {
  const last = new Map<string, Version>();
  for (const event of events) {
    const known = last.get(event.key);
    const version = versionOf(event);
    const isNewer = known === undefined || compareVersions(version, known) > 0;
    assert.ok(isNewer, `${name} got ${event.key} ${event.version} after ${known?.time}`);
    last.set(event.key, version);
  }
}

test('a watch shows what is there, then puts and deletes as they come', async t => {
  const emulator = await startEmulator(t, { buckets: { [other]: {} } });
  await using api = await connect({ servers: busUrl(emulator, 'n0') });
  await using direct = await connect({ servers: busUrl(emulator, 'n3'), mode: Mode.Direct });
  await api.put('a/1', 'one');
  await api.put('a/2', 'two');
  await api.put('b/1', 'not watched');
  await api.put('a/3', 'gone');
  await api.delete('a/3');
  await api.put('a/1', 'elsewhere', { bucket: other });
  const started = await Promise.all(
    [api, direct].map(async (client: Client, i) => {
      const name = i === 0 ? 'api' : 'direct';
      const last = new Follower(name, await client.watch({ prefix: 'a/' }));
      return [
        last,
        new Follower(`${name}, updates`, await client.watch({ prefix: 'a/', include: 'updates' })),
      ];
    }),
  );
  const followers = started.flat();
  for (const last of followers.filter(({ name }) => !name.includes('updates'))) await last.reach(2);
  await api.put('a/1', 'one more');
  await api.delete('a/2');
  await api.put('a/2', Buffer.from([0, 255]));
  await api.put('b/1', 'not watched');
  await api.put('a/1', 'elsewhere', { bucket: other });
  await api.put('a/9', 'the end');
  const there = ['put default > a/1: one', 'put default > a/2: two'];
  const came = [
    'then put default > a/1: one more',
    'then delete default > a/2',
    'then put default > a/2: \0\ufffd',
    'then put default > a/9: the end',
  ];
  for (const follower of followers) {
    const wanted = follower.name.includes('updates') ? came : [...there, ...came];
    await follower.reach(wanted.length);
    // Of different keys the order is free.
    assert.deepEqual(follower.events.map(shown).toSorted(), wanted.toSorted(), follower.name);
    assertInOrder(follower);
  }

  await t.test('a record that a log tells again is no event, nor is an older one', async () => {
    await using streams = await openStreams(emulator, 'n1');
    const { records } = await api.records('n1', { keys: ['a/1', 'a/9'] });
    await streams.append('n1', records);
    await streams.append('n2', [{ bucket: 'default', key: 'a/9', value: 'old', time: 1, writer: 'w' }]);
    const before = followers.map(({ events }) => events.length);
    await api.put('a/10', 'after');
    for (const [i, follower] of followers.entries()) {
      await follower.reach((before[i] ?? 0) + 1);
      assert.deepEqual(follower.events.slice(before[i]).map(shown), ['then put default > a/10: after']);
    }
  });

  await t.test('the command prints the lines of nats kv watch, or JSON', async t => {
    const server = ['--server', busUrl(emulator, 'n2')];
    for (const json of [false, true]) {
      const command = startDynats(t, 'watch', 'a/1', ...server, ...(json ? ['--json'] : []));
      const line = json ? '"value":"after"' : '] PUT default > a/10: after';
      await command.printed(line);
      const at = `${json}`;
      await api.put('a/1 new', at);
      await command.printed(json ? `"value":"${at}"` : `] PUT default > a/1 new: ${at}`);
      await api.delete('a/1 new');
      await command.printed(json ? '"kind":"delete"' : '] DEL default > a/1 new');
      command.kill('SIGINT');
      const { stdout } = await command.finished;
      const lines = stdout.trimEnd().split('\n');
      if (json) for (const each of lines) JSON.parse(each);
      else
        for (const each of lines)
          assert.match(each, /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] (PUT|DEL) default > a\/1/);
    }
  });

  await t.test('an unknown bucket is refused, naming the field', () =>
    assert.rejects(api.watch({ bucket: 'unknown' }), /bucket/),
  );

  await t.test('a watch ends when it is stopped, left, or its client is closed', async () => {
    const [stopped, ...others] = followers;
    stopped?.watch.stop();
    await stopped?.done;
    for await (const event of await api.watch()) {
      assert.ok(event.key);
      break;
    }
    await api.close();
    await direct.close();
    for (const { done } of others) await done;
  });
});

test('watches miss nothing and repeat nothing', async t => {
  const emulator = await startEmulator(t, { partitioner: 'murmur3' });
  const { nodes, urls } = emulator;
  /** All know every server and use that of one node first. */
  const serversFrom = (at: number) => [...urls.slice(at), ...urls.slice(0, at)];
  const followers = await Promise.all(
    nodes.map(async (node, i) => {
      const mode = i % 2 === 0 ? Mode.Api : Mode.Direct;
      const client = await connect({ servers: serversFrom(i), mode, nats: { noRandomize: true } });
      cleanUp(t, () => client.close());
      const include = i === 3 ? 'updates' : 'last';
      return new Follower(`the one at ${node} (${mode}, ${include})`, await client.watch({ include }));
    }),
  );
  let turn = 0;
  const underLoad = async (work: (goesOn: (but?: string) => Promise<void>) => Promise<unknown>) => {
    const name = `turn ${turn++}`;
    const writers = await Promise.all(
      nodes.map((_, i) =>
        Writer.start(t, {
          name: `${name}.${i}`,
          servers: serversFrom(i),
          mode: i < 2 ? Mode.Api : Mode.Direct,
        }),
      ),
    );
    const written = () => writers.flatMap(writer => [...writer.acknowledged.values()]);
    try {
      await work(but =>
        eachSucceeds(
          writers.filter((_, i) => nodes[i] !== but),
          writesEach,
        ),
      );
      await eventually(() => assert.ok(written().length > 50, `only ${written().length} keys were written`), {
        deadlineMs,
        what: `${name} has written enough to show a watch's faults`,
      });
    } finally {
      await Promise.all(writers.map(writer => writer.stop()));
    }
    assert.deepEqual(
      writers.flatMap(({ failures }) => failures),
      [],
    );
    const acknowledged = written();
    for (const follower of followers) {
      await eventually(
        () => {
          const newest = follower.newest();
          const missing = acknowledged.filter(({ key, version }) => {
            const got = newest.get(key);
            return got === undefined || compareVersions(got, parseVersion(version, false)) < 0;
          });
          assert.deepEqual(missing.slice(0, 3), [], `${follower.name} misses ${missing.length}`);
        },
        { deadlineMs, what: `${follower.name} has all of ${name}` },
      );
      assertInOrder(follower);
    }
  };

  for (const node of nodes)
    await t.test(`when ${node} is killed and comes back under load`, () =>
      underLoad(async goesOn => {
        await goesOn();
        await emulator.kill(node);
        await goesOn();
        await emulator.restart(node);
        await goesOn();
      }),
    );

  await t.test('when a node hangs for a while', () =>
    underLoad(async goesOn => {
      await goesOn();
      await emulator.pause('n1');
      // Who is connected to its bus server, which hangs too, may wait.
      await goesOn('n1');
      await emulator.resume('n1');
      await goesOn();
    }),
  );

  // One only: a node that went over to its neighbour's bus server is cut off with the neighbour when that one dies next.
  await t.test('when a bus server dies', () =>
    underLoad(async goesOn => {
      await emulator.kill('n1', ['bus']);
      await goesOn();
      await emulator.restart('n1');
      await goesOn();
    }),
  );
});
