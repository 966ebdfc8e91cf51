// `dynats node`: one node with a log broker of its own, as on a separate host.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { freePorts } from '../../src/chaos/free-ports.js';
import { makePlan, portsOf } from '../../src/emulator/plan.js';
import {
  dynats,
  emulatorOptions,
  processesOn,
  startDynats,
  startEmulator,
  tempDir,
} from '../support/emulator.js';

const cluster = { name: 'solo', nodes: ['solo'], replicationFactor: 1, partitioner: 'murmur3' };
const testMs = 120_000;

describe('dynats node', { timeout: testMs }, () => {
  test('runs its log broker as a leaf of the bus, refuses a twin, and stops both on SIGTERM', async t => {
    const options = await emulatorOptions(t, { nodes: 1 });
    const emulator = await startEmulator(t, options);
    const { leaf } = portsOf(makePlan(options, undefined), 'n0');
    const dir = await tempDir(t);
    const config = path.join(dir, 'solo.json');
    const log = {
      storeDir: path.join(dir, 'store'),
      port: await freePorts(1),
      bus: [`nats-leaf://127.0.0.1:${leaf}`],
      sync: 'lazy',
    };
    writeFileSync(config, JSON.stringify({ node: 'solo', cluster, log }));

    const node = startDynats(t, 'node', '--config', config);
    await node.printed('takes writes');
    assert.equal((await processesOn(dir)).length, 2, 'the node and its broker');

    const twin = await dynats('node', '--config', config);
    assert.equal(twin.code, 3, twin.stderr);
    assert.match(twin.stderr, /solo is already running on .*, pid \d+/);

    node.kill('SIGTERM');
    assert.equal((await node.finished).code, 0);
    assert.deepEqual(await processesOn(dir), []);
    assert.equal(emulator.report().nodes['n0']?.replica.state, 'running');
  });

  for (const [what, content, message] of [
    ['no JSON', '{', /not valid JSON/],
    ['a missing field', JSON.stringify({ cluster, log: { url: 'nats://127.0.0.1:1' } }), /node is missing/],
    [
      'a field of the wrong type',
      JSON.stringify({ node: 'solo', cluster, log: { url: 'nats://127.0.0.1:1' }, heartbeatMs: 'often' }),
      /heartbeatMs/,
    ],
    [
      'an unknown field',
      JSON.stringify({ node: 'solo', cluster, log: { url: 'nats://127.0.0.1:1' }, colour: 'red' }),
      /unknown field "colour"/,
    ],
    [
      'a node that is not of the cluster',
      JSON.stringify({ node: 'other', cluster, log: { url: 'nats://127.0.0.1:1' } }),
      /node other is not among cluster.nodes/,
    ],
  ] as const)
    test(`refuses a configuration with ${what}, naming file and field`, async t => {
      const config = path.join(await tempDir(t), 'solo.json');
      writeFileSync(config, content);
      const { code, stdout, stderr } = await dynats('node', '--config', config);
      assert.deepEqual([code, stdout], [3, ''], stderr);
      assert.match(stderr, message);
      assert.ok(stderr.includes(config), stderr);
    });

  test('says when there is no configuration file', async () => {
    const { code, stderr } = await dynats('node', '--config', '/nowhere/solo.json');
    assert.equal(code, 3);
    assert.match(stderr, /cannot read the configuration \/nowhere\/solo.json/);
  });
});
