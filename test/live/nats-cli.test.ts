// The nats command alone is enough to use and to look into a store. The real binary, on a bus server that is not the
// target node's.
import assert from 'node:assert/strict';
import { execFile, type PromiseWithChild } from 'node:child_process';
import { existsSync } from 'node:fs';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import { startEmulator } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { busUrl, openStreams } from '../support/streams.js';

const run = promisify(execFile);
const scriptPath = '/usr/bin/script';

let binary = '';
before(async () => {
  binary = (await ensureBinary('nats')).path;
});

interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits for a command that reads nothing. */
function ended(running: PromiseWithChild<{ stdout: string; stderr: string }>) {
  running.child.stdin?.end();
  return running;
}

/** Runs the nats command with no context of the user's. */
async function nats(url: string, ...args: string[]): Promise<Output> {
  const env = {
    ...process.env,
    NATS_URL: '',
    NATS_CONTEXT: '',
    XDG_CONFIG_HOME: '/nonexistent',
    NO_COLOR: '1',
  };
  try {
    return { code: 0, ...(await ended(run(binary, ['--server', url, ...args], { env, timeout: 20_000 }))) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

const semver = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const serviceName = /^[A-Za-z0-9_-]+$/;

test('the nats command alone is enough', async t => {
  const emulator = await startEmulator(t);
  const url = busUrl(emulator, 'n0');
  const req = async (subject: string, body: string) => {
    const { code, stdout, stderr } = await nats(url, 'req', subject, body, '--raw');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  await t.test('nats req stores, reads and deletes through any node', async () => {
    const put = await req('dynats.put', '{"key":137,"value":"value137","level":"QUORUM"}');
    assert.deepEqual(
      { key: put['key'], level: put['level'], required: put['required'] },
      { key: '137', level: 'QUORUM', required: 2 },
    );
    const got = await req('dynats.get', '{"key":137}');
    assert.deepEqual(
      { found: got['found'], value: got['value'], version: got['version'] },
      { found: true, value: 'value137', version: put['version'] },
    );
    await req('dynats.delete', '{"key":137}');
    assert.equal((await req('dynats.get', '{"key":137}'))['found'], false);
    await req('dynats.put', '{"key":137,"value":"value137","level":"ALL"}');
  });

  await t.test('nats req reaches the node it names', async () => {
    for (const node of emulator.nodes) {
      assert.equal((await req(`dynats.node.${node}.get`, '{"key":137}'))['value'], 'value137');
      assert.equal((await req(`dynats.node.${node}.status`, ''))['node'], node);
    }
    await req('dynats.node.n2.put', '{"key":"a key","value":"v"}');
    await req('dynats.node.n2.delete', '{"key":"a key"}');
  });

  await t.test('an error reply shows its headers and its field', async () => {
    const { stdout, stderr } = await nats(url, 'req', 'dynats.node.n2.put', '{"key":"","value":"v"}');
    const shown = `${stdout}${stderr}`;
    assert.match(shown, /Nats-Service-Error: INVALID_REQUEST: key must be/);
    assert.match(shown, /Nats-Service-Error-Code: 400/);
    assert.match(shown, /"field":"key"/);
  });

  await t.test(
    'nats stream ls, info, get and view show a node’s log and hints as readable JSON',
    async inner => {
      const inDomain = (...args: string[]) => nats(url, '--js-domain', 'n2', 'stream', ...args);
      const { stdout: listed } = await inDomain('ls', '--names');
      assert.deepEqual(listed.trim().split('\n').sort(), ['HINTS_n2', 'LOG_n2']);
      const hints = await inDomain('info', 'HINTS_n2', '--json');
      assert.equal(hints.code, 0, hints.stderr);
      const info = JSON.parse(hints.stdout) as {
        config: { name: string; subjects: string[] };
        state: { messages: number };
      };
      assert.deepEqual(info.config.subjects, ['dynats.hints.n2.*']);
      const table = await inDomain('info', 'LOG_n2');
      assert.match(table.stdout, /durable log of replica n2/);

      const sequence = await entryWith('value137');
      const got = await inDomain('get', 'LOG_n2', String(sequence));
      assert.equal(got.code, 0, got.stderr);
      const entry = /\{"crc32".*\}/.exec(got.stdout)?.[0] ?? '';
      const { records } = JSON.parse(entry) as { records: { key: string; value?: string }[] };
      assert.equal(records.find(({ key }) => key === '137')?.value, 'value137');

      await inner.test(
        'nats stream view pages through it',
        { skip: existsSync(scriptPath) ? false : 'there is no script command to give it a terminal' },
        async () => {
          // A page of 100: it asks before it turns to the next.
          const command = `"${binary}" --server ${url} --js-domain n2 stream view LOG_n2 100 --raw`;
          const env = { ...process.env, NATS_CONTEXT: '', XDG_CONFIG_HOME: '/nonexistent', TERM: 'xterm' };
          const { stdout } = await ended(
            run(scriptPath, ['-qec', command, '/dev/null'], { env, timeout: 20_000 }),
          );
          assert.match(stdout, /"records":\[\{"bucket":"default","key":"137","value":"value137"/);
        },
      );
    },
  );

  await t.test('a hint shows up in HINTS_n1 in the domain n1 and goes when the owner is back', async () => {
    await emulator.kill('n2');
    await req('dynats.put', '{"key":137,"value":"missed","level":"QUORUM"}');
    const held = async () => {
      const { stdout } = await nats(url, '--js-domain', 'n1', 'stream', 'info', 'HINTS_n1', '--json');
      return (JSON.parse(stdout) as { state: { messages: number } }).state.messages;
    };
    await eventually(async () => (await held()) > 0, { deadlineMs: 5000, what: 'a hint for n2' });
    await emulator.restart('n2');
    await eventually(async () => (await held()) === 0, { deadlineMs: 8000, what: 'no hint for n2' });
  });

  await t.test('nats micro ls, info, stats and ping list every node', async () => {
    const { stdout: listed } = await nats(url, 'micro', 'ls', '--json');
    for (const node of emulator.nodes) assert.match(listed, new RegExp(`dynats-${node}\\b`));
    const { stdout: info, code, stderr } = await nats(url, 'micro', 'info', 'dynats-n2');
    assert.equal(code, 0, stderr);
    for (const subject of ['put', 'get', 'delete', 'batch', 'status', 'records', 'cluster'])
      assert.match(info, new RegExp(`dynats\\.node\\.n2\\.${subject}\\b`));
    const { stdout: stats } = await nats(url, 'micro', 'stats', 'dynats');
    for (const node of emulator.nodes) assert.match(stats, new RegExp(`${node}-\\d+`));
    const { stdout: pinged } = await nats(url, 'micro', 'ping', 'dynats');
    for (const node of emulator.nodes) assert.match(pinged, new RegExp(`${node}-\\d+`));
  });

  await t.test('the discovery replies keep the rules of ADR-32', async () => {
    await using streams = await openStreams(emulator, 'n0');
    const before = await stats('n2');
    await req('dynats.node.n2.get', '{"key":137}');
    await req('dynats.node.n2.get', '{}');
    for (const verb of ['PING', 'INFO', 'STATS'] as const) {
      const seen = new Set<string>();
      for await (const message of await streams.connection.requestMany(`$SRV.${verb}`, undefined, {
        maxWait: 1000,
        maxMessages: 8,
      })) {
        const reply = message.json<Record<string, unknown>>();
        assert.equal(reply['type'], `io.nats.micro.v1.${verb.toLowerCase()}_response`);
        assert.match(String(reply['name']), serviceName);
        assert.match(String(reply['version']), semver);
        assert.ok(typeof reply['id'] === 'string' && reply['id'] !== '');
        const metadata = reply['metadata'] as Record<string, unknown>;
        assert.ok(Object.values(metadata).every(value => typeof value === 'string'));
        if (verb === 'STATS') assert.ok(Date.parse(String(reply['started'])) <= Date.now());
        seen.add(`${String(reply['name'])} ${String(metadata['node'])}`);
      }
      assert.equal(seen.size, 8, `${verb}: two services of each of four nodes`);
    }
    const after = await stats('n2');
    assert.equal(after.num_requests - before.num_requests, 2);
    assert.equal(after.num_errors - before.num_errors, 1);
    assert.match(after.last_error, /^INVALID_REQUEST/);
    assert.ok(after.processing_time > before.processing_time);

    async function stats(node: string) {
      const reply = (await streams.connection.request(`$SRV.STATS.dynats-${node}`)).json<{
        endpoints: {
          name: string;
          num_requests: number;
          num_errors: number;
          last_error: string;
          processing_time: number;
        }[];
      }>();
      const endpoint = reply.endpoints.find(({ name }) => name === 'get');
      assert.ok(endpoint !== undefined);
      return endpoint;
    }
  });

  /** Sequence of the first entry of LOG_n2 that holds the text. */
  async function entryWith(text: string): Promise<number> {
    const { stdout } = await nats(url, '--js-domain', 'n2', 'stream', 'info', 'LOG_n2', '--json');
    const { state } = JSON.parse(stdout) as { state: { first_seq: number; last_seq: number } };
    for (let sequence = state.first_seq; sequence <= state.last_seq; sequence++)
      if (
        (await nats(url, '--js-domain', 'n2', 'stream', 'get', 'LOG_n2', String(sequence))).stdout.includes(
          text,
        )
      )
        return sequence;
    return assert.fail(`no entry holds ${text}`);
  }
});
