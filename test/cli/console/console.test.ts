import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { Session } from '../../../src/cli/console/session.js';
import { runScript } from '../../../src/cli/console.js';
import { CliError } from '../../../src/cli/exit.js';
import type { Client, RequestOptions } from '../../../src/client/client.js';
import { ClosedError, InternalError, UnavailableError } from '../../../src/errors.js';
import { SessionMemory } from '../../../src/model/session.js';
import type { ClusterReply, Level, Receipt } from '../../../src/wire/generated/types.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const view: ClusterReply = {
  node: 'n0',
  cluster: { name: 'c', nodes, replicationFactor: 3, partitioner: 'byte-ordered' },
  time: 1,
  now: 1,
  peers: nodes.map(node => ({ node, incarnation: 1, state: 'serving', time: 1, now: 1, remembers: {} })),
};

/** A client of a Map, that notes the options of each request. */
class FakeClient {
  readonly asked: (RequestOptions | undefined)[] = [];
  /** Of the version that it gives every write of key 1. */
  static readonly token = (() => {
    const memory = new SessionMemory();
    memory.wrote('default', '1', { time: 1, writer: 'w' }, 3);
    return memory.token();
  })();
  static readonly receipt: Receipt = {
    kind: 'read',
    bucket: 'default',
    key: '1',
    level: 'QUORUM',
    coordinator: 'n0~w',
    met: true,
    why: 'QUORUM needs 2 owners: 2 answered',
    tookMs: 1,
    owners: [],
    hints: [],
  };
  failure: Error | undefined;
  /** The bucket's own level. */
  bucketLevel: Exclude<Level, 'ANY'> = 'QUORUM';
  private readonly values = new Map<string, string>();

  readonly client: Partial<Client> = {
    put: async (key, value, options) => {
      this.note(options);
      this.values.set(String(key), String(value));
      const reply = { key: String(key), version: '1@w', required: 2, acked: 3 };
      return { ...reply, level: options?.level ?? this.bucketLevel, session: FakeClient.token };
    },
    read: async (key, options) => {
      this.note(options);
      const value = this.values.get(String(key));
      const answer = {
        key: String(key),
        level: options?.level ?? this.bucketLevel,
        required: 2,
        received: 2,
      };
      return value === undefined
        ? { ...answer, found: false }
        : {
            ...answer,
            found: true,
            value,
            version: '1@w',
            session: FakeClient.token,
            ...(options?.trace === true ? { receipt: FakeClient.receipt } : {}),
          };
    },
    cluster: async () => ({
      ...view,
      cluster: {
        ...view.cluster,
        buckets: { default: { level: this.bucketLevel } },
      },
    }),
    close: async () => {},
  };

  private note(options: RequestOptions | undefined): void {
    this.asked.push(options);
    if (this.failure !== undefined) throw this.failure;
  }
}

async function script(lines: string, fake = new FakeClient()) {
  const out = new PassThrough();
  const errors = new PassThrough();
  let connections = 0;
  const session = new Session({
    // The statements of these tests use what the fake has.
    connect: async () => {
      connections++;
      return fake.client as Client;
    },
    dataDir: path.join(os.tmpdir(), 'dynats-no-such-directory'),
    bucket: 'default',
    out,
    note: line => errors.write(`${line}\n`),
  });
  await session.open();
  const code = await runScript(session, Readable.from([Buffer.from(lines)]), errors);
  return {
    code,
    connections,
    out: String(out.read() ?? ''),
    errors: String(errors.read() ?? ''),
    asked: fake.asked,
  };
}

test('a script runs in order and prints results only', async () => {
  const { code, out, errors } = await script('# first\n\nput 137 value137 quorum\nget 137 quorum\nget 9\n');
  assert.equal(code, 0);
  assert.equal(out, 'stored 137 @ QUORUM, 3 owners acked, version 1@w\nvalue137\n');
  assert.equal(errors, 'key 9 is not there @ QUORUM\n');
});

test('the level and the node that are set hold for requests that name none', async () => {
  const { asked, out } = await script('consistency one\nvia n2\nget 1\nget 1 all\nvia any\nget 1\n');
  assert.deepEqual(asked, [
    { level: 'ONE', bucket: 'default', via: 'n2', session: '' },
    { level: 'ALL', bucket: 'default', via: 'n2', session: '' },
    { level: 'ONE', bucket: 'default', session: '' },
  ]);
  assert.match(out, /^Consistency level set to ONE\.\nNode n2 coordinates\.\n/);
});

test("until a level is set the bucket's own is used and shown, and again when that is asked for", async () => {
  const fake = new FakeClient();
  fake.bucketLevel = 'ALL';
  const { asked, out } = await script(
    'consistency\nget 1\nconsistency one\nget 1\nconsistency default\nput 1 a\nconsistency\n',
    fake,
  );
  assert.deepEqual(
    asked.map(options => options?.level),
    [undefined, 'ONE', undefined],
  );
  const shown = 'ALL (the default of bucket default).';
  assert.equal(
    out,
    [
      `Current consistency level is ${shown}`,
      'Consistency level set to ONE.',
      `Consistency level set to ${shown}`,
      'stored 1 @ ALL, 3 owners acked, version 1@w',
      `Current consistency level is ${shown}`,
      '',
    ].join('\n'),
  );
});

test('one session goes through the whole console, and tracing shows the receipt of each request', async () => {
  const fake = new FakeClient();
  const { errors, asked, out, code } = await script(
    'put 1 a\nget 1\ntracing on\nget 1\nget 2\ntracing off\nget 1\n',
    fake,
  );
  assert.equal(code, 0);
  const [put, first, traced, other, last] = asked.map(options => [options?.session, options?.trace]);
  assert.deepEqual(put, ['', undefined]);
  assert.deepEqual(first, [FakeClient.token, undefined]);
  assert.deepEqual(traced, [FakeClient.token, true]);
  assert.deepEqual(other, ['', true], 'what is known of one key is not sent for another');
  assert.deepEqual(last, [FakeClient.token, undefined]);
  assert.match(out, /Tracing is on\.\na\nTracing is off\.\n/);
  assert.equal(errors, `${JSON.stringify(FakeClient.receipt)}\nkey 2 is not there @ QUORUM\n`);
});

test('a session is shown, ended, begun anew and gone on with', async () => {
  const { token } = FakeClient;
  const { asked, out, code } = await script(
    `session\nput 1 a\nsession\nsession off\nget 1\nsession new\nget 1\nsession ${token}\nget 1\n`,
  );
  assert.equal(code, 0);
  assert.deepEqual(
    asked.map(options => options?.session),
    ['', undefined, '', token],
  );
  const sessions = out.split('\n').filter(line => /session/i.test(line));
  assert.deepEqual(sessions, [
    'A session that has seen nothing yet.',
    `A session; its token is ${token}`,
    'No session: a read at ONE may be older than what was written.',
    'A session that has seen nothing yet.',
    `A session; its token is ${token}`,
  ]);
});

test('a line that fails is named, the others run, and the first failure decides the exit code', async () => {
  const { code, out, errors } = await script('frob\nvia n9\nput 1 a\nkill n1\nget 1\nexit\nget 1\n');
  assert.equal(code, 3);
  assert.match(out, /stored 1 .*\na\n$/);
  assert.match(
    errors,
    /^line 1: unknown verb "frob".*\nline 2: there is no node n9: .*\nline 4: no emulator runs on /,
  );
});

test('a key where inspect wants a node gets the statement that was meant', async () => {
  const { code, errors } = await script('inspect 64\n');
  assert.equal(code, 3);
  assert.match(errors, /^line 1: there is no node 64: the cluster has n0, n1, n2, n3; inspect key 64 shows /);
});

test('a refused request is explained, and a defect does not end the console', async () => {
  const fake = new FakeClient();
  fake.failure = new UnavailableError(2, 1);
  const refused = await script('put 137 v\n', fake);
  assert.equal(refused.code, 5);
  assert.match(
    refused.errors,
    /^line 1: UNAVAILABLE: QUORUM needs 2 owners of key 137, 1 alive: see status .* try CONSISTENCY ONE$/m,
  );
  fake.failure = new InternalError('boom');
  const broken = await script('put 137 v\nconsistency\n', fake);
  assert.equal(broken.code, 1);
  assert.match(broken.out, /Current consistency level is QUORUM/);
});

test('a connection that was closed for good is opened anew by the next statement', async () => {
  const fake = new FakeClient();
  fake.failure = new ClosedError();
  const { code, connections } = await script('get 1\nget 1\n', fake);
  assert.equal(code, 2);
  assert.equal(connections, 2);
});

test('a console that cannot connect at the start says so', async () => {
  const failure = new CliError(2, 'cannot connect');
  const session = new Session({
    connect: async () => {
      throw failure;
    },
    dataDir: '.',
    bucket: 'default',
    out: new PassThrough(),
    note: () => {},
  });
  await assert.rejects(session.open(), failure);
});
