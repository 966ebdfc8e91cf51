// A network of namespaces: cuts that are lost packets, one pair and one way. Root on Linux.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type TestContext, test } from 'node:test';
import { NamespaceNetwork, whyNoNamespaces } from '../../src/chaos/namespaces.js';
import { startOwnCluster } from '../../src/chaos/own-cluster.js';
import { connect } from '../../src/client/connect.js';
import { isAlive } from '../../src/emulator/process-table.js';
import { cleanUp } from '../support/emulator.js';
import { eventually } from '../support/eventually.js';

/** Reported for each test that it keeps from running. */
const skip = whyNoNamespaces() ?? false;
const namespacesModule = new URL('../../src/chaos/namespaces.js', import.meta.url).href;

// What removes networks does so at the end of the process, which a signal would skip: such as the runner's, when a test takes too long.
process.once('SIGTERM', () => process.exit(143));

/** Namespaces and interfaces that a process has made. */
function leftOf(pid: number): string[] {
  const lines = [...ipLines('netns', 'list'), ...ipLines('-o', 'link', 'show')];
  return lines.filter(line => new RegExp(`\\bdy${pid}[a-z]`).test(line));
}

function ipLines(...args: string[]): string[] {
  return spawnSync('ip', args, { encoding: 'utf8' }).stdout.split('\n');
}

async function clusterWithNetwork(t: TestContext) {
  const cluster = await startOwnCluster({
    nodes: 4,
    network: 'namespaces',
    replica: { antiEntropy: { enabled: false } },
  });
  cleanUp(t, async () => {
    await cluster.close();
    assert.deepEqual(leftOf(process.pid), []);
  });
  const { network } = cluster;
  assert.ok(network !== undefined);
  // On the side of the cut that is larger: the bus server of a node that is cut off reaches that node only.
  const client = await connect({ servers: cluster.urls.slice(0, 1), timeoutMs: 5000 });
  cleanUp(t, () => client.close());
  return { client, network };
}

type Client = Awaited<ReturnType<typeof connect>>;

/** Waits until `node` sees just these others as not writable. */
function misses(client: Client, node: string, others: readonly string[]): Promise<void> {
  return eventually(
    async () => {
      const { peers } = await client.status(node, { timeoutMs: 2000 });
      const missed = Object.entries(peers).flatMap(([peer, { writable }]) => (writable ? [] : [peer]));
      assert.deepEqual(missed, others);
    },
    { deadlineMs: 30_000, what: `${node} misses ${others.join(', ') || 'nobody'}` },
  );
}

/** Hints that wait on any node, and that any has delivered. */
async function hintsOf(client: Client) {
  const all = await Promise.all(nodes.map(node => client.status(node, { timeoutMs: 2000 })));
  return {
    held: all.flatMap(({ hints }) => Object.values(hints.held)).reduce((sum, count) => sum + count, 0),
    delivered: all.reduce((sum, { hints }) => sum + hints.delivered, 0),
  };
}

const nodes = ['n0', 'n1', 'n2', 'n3'];
const replicationFactor = 3;
const keys = Array.from({ length: 40 }, (_, i) => `key ${i}`);

async function writeAll(client: Client, value: string, via?: string): Promise<void> {
  const options = { level: 'QUORUM', ...(via === undefined ? {} : { via }) } as const;
  for (const key of keys) await client.put(key, value, options);
}

/** All owners hold `value` under every key, brought by hints: nobody reads, and nothing else compares. */
async function arrives(client: Client, value: string): Promise<void> {
  await eventually(
    async () => {
      assert.equal((await hintsOf(client)).held, 0);
      let copies = 0;
      for (const node of nodes) {
        const { records } = await client.records(node, { limit: 1000 }, { timeoutMs: 2000 });
        copies += records.filter(record => record.value === value).length;
      }
      assert.equal(copies, keys.length * replicationFactor);
    },
    { deadlineMs: 30_000, what: 'hints are delivered' },
  );
  assert.ok((await hintsOf(client)).delivered > 0);
}

for (const [name, isOneWay] of [
  ['a node that is cut off both ways', false],
  ['a node of which nothing arrives, and that hears all', true],
] as const)
  test(`${name}: writes go on at QUORUM, and hints reach it when its packets pass again`, {
    skip,
  }, async t => {
    const { client, network } = await clusterWithNetwork(t);
    const others = ['n0', 'n1', 'n2'];
    await misses(client, 'n0', []);
    for (const other of others)
      if (isOneWay) network.cut('n3', other);
      else network.part(['n3'], [other]);
    for (const other of others) await misses(client, other, ['n3']);
    await writeAll(client, 'during the cut');
    network.heal();
    for (const node of [...others, 'n3']) await misses(client, node, []);
    await arrives(client, 'during the cut');
  });

test('two nodes cut off from each other: the others see both, and what one has written reaches the other when it is healed', {
  skip,
}, async t => {
  const { client, network } = await clusterWithNetwork(t);
  await misses(client, 'n0', []);
  network.part(['n0'], ['n1']);
  await misses(client, 'n0', ['n1']);
  await writeAll(client, 'beside a cut', 'n0');
  for (const node of ['n2', 'n3']) await misses(client, node, []);
  network.heal();
  for (const node of nodes) await misses(client, node, []);
  await arrives(client, 'beside a cut');
});

test('networks of one process and of several stand side by side, and what a killed one left goes with the next', {
  skip,
}, async t => {
  const one = new NamespaceNetwork(['n0', 'n1']);
  cleanUp(t, () => one.close());
  const script = `
    import { spawn } from 'node:child_process';
    import { NamespaceNetwork } from '${namespacesModule}';
    const network = new NamespaceNetwork(['n0']);
    const [command, ...args] = network.within('n0');
    const { pid } = spawn(command, [...args, 'sleep', '300'], { detached: true, stdio: 'ignore' });
    console.log(JSON.stringify({ address: network.addresses.n0, pid }));
    process.kill(process.pid, 'SIGKILL');`;
  const { stdout, pid } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  const left = JSON.parse(stdout);
  assert.notEqual(left.address, one.addresses.n0);
  assert.ok(leftOf(pid).length > 0 && isAlive(left.pid), 'a killed process leaves its network');
  const two = new NamespaceNetwork(['n0']);
  cleanUp(t, () => two.close());
  assert.notEqual(two.addresses.n0, one.addresses.n0);
  await eventually(() => assert.deepEqual([leftOf(pid), isAlive(left.pid)], [[], false]), {
    deadlineMs: 5000,
    what: 'it is gone, and what ran in it',
  });
  assert.ok(leftOf(process.pid).length > 0, 'that of a living process stays');
});
