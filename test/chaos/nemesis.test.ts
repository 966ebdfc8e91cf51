import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Nemesis } from '../../src/chaos/nemesis.js';
import type { PlannedBlow } from '../../src/chaos/plan.js';
import type { Processes, TestCluster } from '../../src/chaos/test-cluster.js';
import type { Client, StatusReply } from '../../src/index.js';

/** A cluster that only remembers what was done to it. */
function remembering(): { cluster: TestCluster; done: string[] } {
  const done: string[] = [];
  const note = (what: string) => async (node: string) => void done.push(`${what} ${node}`);
  const processes: Processes = { kill: note('kill'), pause: note('pause'), mend: note('mend') };
  const cluster: TestCluster = {
    nodes: ['n0', 'n1'],
    urls: [],
    isSynced: true,
    processes,
    stores: { of: () => '', wipe: node => void done.push(`wipe ${node}`) },
    pids: async () => [],
    close: async () => {},
  };
  return { cluster, done };
}

const wipe: PlannedBlow = { fault: 'wipe', nodes: ['n1'], how: '', seed: 1, atMs: 0, holdMs: 1 };

function carryOut(cluster: TestCluster, state: StatusReply['state'], wholeLimitMs: number) {
  const client = { status: async () => ({ state, reason: null }) as StatusReply } as unknown as Client;
  const { signal } = new AbortController();
  return new Nemesis({ cluster, client, signal, onEvent: () => {}, wholeLimitMs }).carryOut([wipe]);
}

test('a disk that forgets is begun while every node serves, and healed', async () => {
  const { cluster, done } = remembering();
  const { counts, failures } = await carryOut(cluster, 'serving', 100);
  assert.deepEqual([counts, failures], [{ wipe: 1 }, []]);
  assert.deepEqual(
    done.filter(each => each.endsWith('n1') && !each.startsWith('mend')),
    ['kill n1', 'wipe n1'],
  );
  assert.equal(done.at(-1), 'mend n1');
});

test('no disk forgets while a node is not whole, and the run says so', async () => {
  const { cluster, done } = remembering();
  const { counts, failures } = await carryOut(cluster, 'recovering', 1);
  assert.deepEqual(counts, {});
  assert.match(failures.join(), /not every node serves/);
  assert.ok(!done.includes('wipe n1'));
});
