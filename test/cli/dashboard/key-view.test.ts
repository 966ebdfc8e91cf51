// What the page says of an owner that gave no answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyView } from '../../../src/cli/dashboard/key-view.js';
import { UnavailableError } from '../../../src/errors.js';
import { Ring } from '../../../src/model/ring.js';
import { BusError } from '../../../src/ports.js';
import type { ClusterReply, RecordsReply } from '../../../src/wire/generated/types.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const ring = new Ring(nodes, { partitioner: 'byte-ordered', replicationFactor: 3 });
const record = { bucket: 'default', key: '137', value: 'first', time: 1_795_342_442_987_000, writer: 'w' };
const view = {
  cluster: { nodes },
  peers: nodes.map(node => ({ node, state: 'serving' })),
} as unknown as ClusterReply;

test('an owner that is up and gives no answer in time is late; one where nobody listens is not', async () => {
  const silent: Record<string, 'timeout' | 'no-responders'> = { n2: 'timeout', n3: 'no-responders' };
  const records = async (node: string) => {
    const kind = silent[node];
    if (kind !== undefined) throw new UnavailableError(1, 0, node, { cause: new BusError(kind, node) });
    return { records: node === 'n0' ? [record] : [] } as unknown as RecordsReply;
  };
  const { verdict, copies } = await keyView({ records }, view, { bucket: 'default', key: '137', ring });
  assert.equal(verdict, 'in sync');
  assert.deepEqual(
    copies.map(({ node, verdict: own, isLate }) => [node, own, isLate]),
    [
      ['n2', 'unknown', true],
      ['n3', 'unknown', false],
      ['n0', 'newest', false],
    ],
  );
});
