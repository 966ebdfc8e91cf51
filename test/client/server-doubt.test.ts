// Whether a client leaves a server that hangs, and only one that does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Doubted, ServerDoubt } from '../../src/client/server-doubt.js';
import type { ConnectOptions } from '../../src/index.js';

function busWhose(pong: Promise<void>) {
  let reconnects = 0;
  const bus: Doubted = {
    isOpen: true,
    connection: {
      flush: () => pong,
      reconnect: () => {
        reconnects++;
        return Promise.resolve();
      },
      getServer: () => '127.0.0.1:1',
    },
  };
  return { bus, reconnects: () => reconnects };
}

const never = new Promise<void>(() => {});
const pool = ['127.0.0.1:1', '127.0.0.1:2', '127.0.0.1:3'].map((listen, i) => ({
  listen,
  lastConnect: 9 - i,
}));

/** Whom the NATS client is told to dial of `pool`. */
function dialled({ nats }: ConnectOptions, servers = pool): unknown {
  const choose = nats?.reconnectToServer as unknown as (pool: unknown) => { listen: string } | null;
  return choose(servers)?.listen ?? null;
}

test('a server that answers no ping is left, once, and another one dialled', async () => {
  const doubt = new ServerDoubt();
  const settings = doubt.settings({});
  assert.equal(dialled(settings), null);
  const { bus, reconnects } = busWhose(never);
  const raised = [doubt.raise(bus), doubt.raise(bus)];
  await Promise.all(raised);
  assert.deepEqual([reconnects(), doubt.hasJustLeft], [1, true]);
  assert.equal(dialled(settings), '127.0.0.1:3');
  assert.equal(dialled(settings, pool.slice(1)), null);
  assert.equal(dialled(settings, pool.slice(0, 1)), null);
});

test('a server that answers is kept, also when this process was stopped while it did', async () => {
  const doubt = new ServerDoubt();
  const { bus, reconnects } = busWhose(Promise.resolve());
  await doubt.raise(bus);
  let answer = () => {};
  const late = busWhose(
    new Promise(done => {
      answer = done;
    }),
  );
  const raised = doubt.raise(late.bus);
  // As after SIGSTOP: the time is long over when this process goes on, and the answer is read after that.
  const until = performance.now() + 900;
  while (performance.now() < until);
  setTimeout(() => setImmediate(answer), 0);
  await raised;
  assert.deepEqual([reconnects(), late.reconnects(), doubt.hasJustLeft], [0, 0, false]);
});

test("a connection that is somebody else's stays where it is, and who chooses servers himself does so", async () => {
  const doubt = new ServerDoubt();
  const { bus, reconnects } = busWhose(never);
  const guest = { connection: {} } as ConnectOptions;
  assert.equal(doubt.settings(guest), guest);
  await doubt.raise(bus);
  assert.equal(reconnects(), 0);
  const own = () => null;
  assert.equal(new ServerDoubt().settings({ nats: { reconnectToServer: own } }).nats?.reconnectToServer, own);
});
