// What a running cluster tells those who watch over it: metrics, checks, the tap, top, and traces through all processes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { Emulator } from '../../src/emulator/emulator.js';
import { freePorts } from '../../src/emulator/free-ports.js';
import { connect } from '../../src/index.js';
import { cleanUp, dynats, startDynats, startEmulator, tempDir } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';
import { parseMetrics } from '../support/prometheus.js';
import { type SpanLine, spanLine } from '../support/trace-preload.js';

const preload = fileURLToPath(new URL('../support/trace-preload.js', import.meta.url));
const docs = readFileSync(new URL('../../../docs/METRICS.md', import.meta.url), 'utf8');
const seenMs = 5000;

/** An emulator whose nodes trace into the file and serve metrics. */
async function tracedEmulator(t: TestContext): Promise<{ emulator: Emulator; spans: string; port: number }> {
  const spans = path.join(await tempDir(t), 'spans.jsonl');
  const port = await freePorts(3);
  process.env['NODE_OPTIONS'] = `--import ${preload}`;
  process.env['DYNATS_TEST_SPANS'] = spans;
  try {
    const emulator = await startEmulator(t, { nodes: 3, metricsPort: port });
    return { emulator, spans, port };
  } finally {
    delete process.env['NODE_OPTIONS'];
    delete process.env['DYNATS_TEST_SPANS'];
  }
}

async function metricsOf(port: number) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  return parseMetrics(await response.text());
}

const spansIn = (file: string): SpanLine[] =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as SpanLine);

test('a cluster can be watched over', async t => {
  const { emulator, spans, port } = await tracedEmulator(t);
  const server = ['--server', emulator.urls.join(',')];
  const memory = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] }),
  );
  cleanUp(t, () => trace.disable());
  const own = (): SpanLine[] => memory.getFinishedSpans().map(spanLine);

  await t.test('a put in mode api is one trace through client, coordinator and owners', async () => {
    const client = await connect({ servers: [...emulator.urls] });
    await client.put('secret-key', 'v');
    await client.close();
    const [call] = own();
    assert.ok(call !== undefined);
    assert.equal(call.name, 'dynats put');
    assert.equal(call.attributes['dynats.acked'], 2);
    const ofTrace = await eventually(
      () => {
        const found = spansIn(spans).filter(({ traceId }) => traceId === call.traceId);
        // A message that is late is sent through another coordinator too: then there are two trees.
        assert.ok(found.length >= 4 && found.length % 4 === 0, `${found.length} spans`);
        return found;
      },
      { deadlineMs: seenMs, what: 'the spans of the nodes' },
    );
    const coordinate = ofTrace.find(({ name }) => name === 'coordinate put');
    assert.equal(coordinate?.parentId, call.spanId);
    const owners = ofTrace.filter(({ parentId }) => parentId === coordinate?.spanId);
    assert.deepEqual(owners.map(({ name }) => name).sort(), ['append n0', 'append n1', 'append n2']);
    for (const owner of owners) assert.equal(owner.attributes['dynats.outcome'], 'acked');
    assert.ok(!JSON.stringify([call, ...ofTrace]).includes('secret'), 'a key is in no span');
  });

  await t.test('operations that share a message keep their own traces', async () => {
    memory.reset();
    const client = await connect({ servers: [...emulator.urls] });
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`);
    await client.putMany(keys.map(key => [key, key] as const));
    await client.close();
    const calls = own();
    assert.equal(new Set(calls.map(({ traceId }) => traceId)).size, keys.length);
    await eventually(
      () => {
        const coordinated = spansIn(spans).filter(({ name }) => name === 'coordinate put');
        for (const call of calls)
          assert.equal(coordinated.find(({ traceId }) => traceId === call.traceId)?.parentId, call.spanId);
      },
      { deadlineMs: seenMs, what: 'the spans of the nodes' },
    );
  });

  await t.test('in mode direct the owners stand below the call', async () => {
    memory.reset();
    const client = await connect({ servers: [...emulator.urls], mode: 'direct' });
    await client.get('k1');
    await client.close();
    const [got] = own().filter(({ name }) => name === 'dynats get');
    const reads = own().filter(({ parentId }) => parentId !== undefined && parentId === got?.spanId);
    assert.equal(reads.length, 2);
    assert.ok(reads.every(({ name }) => /^read n[0-2]$/.test(name)));
  });

  await t.test('metrics are sound, documented, and count what was done', async () => {
    let writes = 0;
    for (let i = 0; i < 3; i++) {
      const families = await metricsOf(port + i);
      for (const name of families.keys())
        assert.ok(docs.includes(`\`${name}\``), `${name} is not documented`);
      const requests = families.get('dynats_requests_total')?.samples ?? new Map<string, number>();
      for (const [series, value] of requests)
        if (/outcome=ok/.test(series) && /op=write/.test(series)) writes += value;
      assert.equal(families.get('dynats_node_state')?.samples.get('dynats_node_state{state=serving}'), 1);
      assert.equal(families.get('dynats_log_lag_entries')?.samples.get('dynats_log_lag_entries{}'), 0);
    }
    // One more for each message that was late, and went through another node too.
    assert.ok(writes >= 41, `${writes} writes`);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    assert.deepEqual([ready.status, await ready.text()], [200, 'serving\n']);
    assert.equal((await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' })).status, 405);
  });

  await t.test(
    'a killed node is seen by check, tap, top, metrics and the trace of the next put',
    async () => {
      const tap = startDynats(t, 'tap', '--json', '--kind', 'record,hints', '--count', '3', ...server);
      // It tells nothing before something happens: what it is to hear is written until it has heard it.
      await emulator.kill('n2');
      memory.reset();
      const client = await connect({ servers: [...emulator.urls.slice(0, 2)] });
      cleanUp(t, () => client.close());
      await client.put('while n2 is dead', 'v');
      const [call] = own();
      await eventually(
        () => {
          const hint = spansIn(spans).find(
            ({ name, traceId }) => name === 'hint n2' && traceId === call?.traceId,
          );
          assert.equal(hint?.attributes['dynats.outcome'], 'stored');
        },
        { deadlineMs: seenMs, what: 'the spans of the nodes' },
      );
      await assert.rejects(client.put('while n2 is dead', 'v', { level: 'ALL' }));
      const failed = own().find(({ isError }) => isError);
      assert.equal(failed?.attributes['error.type'], 'UNAVAILABLE');
      let heard = '';
      void tap.finished.then(({ stdout }) => {
        heard = stdout;
      });
      await eventually(
        async () => {
          if (heard === '') await client.put('again', 'v');
          assert.notEqual(heard, '');
        },
        { deadlineMs: 2 * seenMs, what: 'the tap hears' },
      );
      const events = heard
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as { kind: string; node: string });
      assert.equal(events.length, 3);
      assert.ok(
        events.every(({ kind }) => ['record', 'hints'].includes(kind)),
        heard,
      );

      const check = await dynats('check', '--format', 'nagios', ...server);
      assert.match(
        check.stdout,
        /^DYNATS WARNING - emulator: nodes that do not answer 1 \(n2\).* \| down=1;0;1;0 /,
      );
      assert.equal(check.code, 1);
      const top = await dynats('top', '--once', '--interval', '200ms', ...server);
      assert.match(top.stdout, /^emulator: 2 of 3 nodes up/);
      assert.match(top.stdout, /\nDN +n2 +-/);
      const held = await Promise.all([0, 1].map(i => metricsOf(port + i)));
      const targets = held.flatMap(families => [
        ...(families.get('dynats_hints_held_entries')?.samples.keys() ?? []),
      ]);
      assert.ok(targets.includes('dynats_hints_held_entries{target=n2}'));
    },
  );
});
