import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { busUrls, logUrl, makePlan, portUses } from '../../src/emulator/plan.js';

describe('the plan of an emulator', () => {
  test('is four nodes with three copies, byte-ordered, unless asked otherwise', () => {
    const { cluster, broker, sync, port } = makePlan({ dataDir: '/data' }, undefined);
    assert.deepEqual(cluster, {
      name: 'emulator',
      nodes: ['n0', 'n1', 'n2', 'n3'],
      replicationFactor: 3,
      partitioner: 'byte-ordered',
    });
    assert.deepEqual([broker, sync, port], ['per-node', 'always', 4222]);
  });

  test('has no more copies than nodes by default', () => {
    assert.equal(makePlan({ dataDir: '/data', nodes: 2 }, undefined).cluster.replicationFactor, 2);
  });

  test('uses one block of ports: bus, logs, routes, leaf nodes', () => {
    const plan = makePlan({ dataDir: '/data', nodes: 3, port: 5000 }, undefined);
    assert.deepEqual(busUrls(plan), [
      'nats://127.0.0.1:5000',
      'nats://127.0.0.1:5001',
      'nats://127.0.0.1:5002',
    ]);
    assert.equal(logUrl(plan, 'n1'), 'nats://127.0.0.1:5004');
    const ports = portUses(plan).map(({ port }) => port);
    assert.deepEqual(
      ports.toSorted(),
      Array.from({ length: 12 }, (_, i) => 5000 + i),
    );
    assert.deepEqual(
      portUses(plan).find(({ port }) => port === 5011)?.use,
      "the leaf nodes of n2's bus server",
    );
  });

  test('goes on serving metrics where it did, until it is told not to', () => {
    const made = makePlan({ dataDir: '/data', metricsPort: 9464 }, undefined);
    const again = makePlan({ dataDir: '/data' }, made);
    assert.deepEqual(
      portUses(again).filter(({ use }) => use.startsWith('the metrics')),
      [0, 1, 2, 3].map(i => ({ port: 9464 + i, use: `the metrics of n${i}` })),
    );
    assert.equal(makePlan({ dataDir: '/data', metricsPort: 9000 }, again).metricsPort, 9000);
    assert.equal(makePlan({ dataDir: '/data', metricsPort: false }, again).metricsPort, undefined);
  });

  test('metrics are not served where a broker listens', () => {
    const options = { dataDir: '/data', port: 5000 };
    assert.throws(() => makePlan({ ...options, metricsPort: 4998 }, undefined), {
      message: '--metrics-port 4998: the metrics of n2 would be at 5000, the port of the bus server of n0',
    });
    assert.throws(() => makePlan({ ...options, metricsPort: 5010 }, undefined), /--metrics-port 5010/);
    assert.equal(makePlan({ ...options, metricsPort: 4996 }, undefined).metricsPort, 4996);
  });

  test('uses one port with a single broker', () => {
    const plan = makePlan({ dataDir: '/data', broker: 'single' }, undefined);
    assert.equal(portUses(plan).length, 1);
    assert.equal(logUrl(plan, 'n3'), 'nats://127.0.0.1:4222');
  });

  test('keeps what the directory was made with, and takes ports and sync anew', () => {
    const made = makePlan(
      { dataDir: '/data', nodes: 5, replicationFactor: 2, partitioner: 'murmur3' },
      undefined,
    );
    const plan = makePlan({ dataDir: '/data', port: 6000, sync: 'lazy' }, made);
    assert.deepEqual(plan, { ...made, port: 6000, sync: 'lazy' });
    assert.throws(
      () => makePlan({ dataDir: '/data', broker: 'single' }, made),
      /made with --broker per-node/,
    );
    assert.throws(
      () => makePlan({ dataDir: '/data', replicationFactor: 3 }, made),
      /made with --rf 2, not 3/,
    );
  });
  test('gives each node its zone, keeps it, and refuses a list that does not fit', () => {
    const dataDir = '/data';
    const made = makePlan({ dataDir, zones: ['a', 'a', 'b', 'b'] }, undefined);
    assert.deepEqual(made.cluster.zones, { n0: 'a', n1: 'a', n2: 'b', n3: 'b' });
    assert.deepEqual(makePlan({ dataDir }, made), made);
    assert.throws(
      () => makePlan({ dataDir, zones: ['a', 'b', 'a', 'b'] }, made),
      /made with --zones a,a,b,b/,
    );
    assert.throws(() => makePlan({ dataDir, zones: ['a', 'b'] }, undefined), /each of the 4 nodes, not 2/);
    assert.throws(
      () => makePlan({ dataDir, zones: ['a', 'a', 'b', ''] }, undefined),
      /"" is no name of a zone/,
    );
  });
});
