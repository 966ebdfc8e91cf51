// What a person is told of a request that was refused: who is missing, and what to do, in a shell and in the console.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absentCoordinator, explained, ownersOf, unavailableLine } from '../../src/cli/advice.js';
import { inConsole, inShell } from '../../src/cli/remedies.js';
import type { RequestSubject } from '../../src/cli/request-flags.js';
import { UnavailableError, WriteTimeoutError } from '../../src/errors.js';
import type { Level } from '../../src/model/level.js';
import { BusError } from '../../src/ports.js';
import type { ClusterReply } from '../../src/wire/generated/types.js';

const subject: RequestSubject = { kind: 'write', key: '137', level: 'QUORUM', bucket: 'default' };
const nodes = ['n0', 'n1', 'n2', 'n3'];
type Definition = ClusterReply['cluster'];

/** What a node sees when `absent` are down. Key 137 belongs to n2, n3 and n0. */
function viewWithout(absent: readonly string[], more: Partial<Definition> = {}): ClusterReply {
  const peer = { incarnation: 1, state: 'serving' as const, time: 1, now: 1, remembers: {} };
  return {
    node: 'n1',
    cluster: { name: 'c', nodes, replicationFactor: 3, partitioner: 'byte-ordered', ...more },
    time: 1,
    now: 1,
    peers: nodes.filter(node => !absent.includes(node)).map(node => ({ node, ...peer })),
  };
}

function line(view: ClusterReply, error: UnavailableError, about: Partial<RequestSubject> = {}): string {
  const request = { ...subject, ...about };
  return unavailableLine(error, request, { owners: ownersOf(view, request), say: inShell });
}

test('a refused request says who is down and what to do', () => {
  assert.equal(
    line(viewWithout(['n2', 'n3']), new UnavailableError(2, 1)),
    'UNAVAILABLE: QUORUM needs 2 owners of key 137, 1 alive (n2, n3 down): start them (dynats restart n2, dynats restart n3), or try --level one',
  );
});

test('the highest level is advised that the owners alive are enough for', () => {
  const table: [Level, RequestSubject['kind'], string[], number, number, RegExp][] = [
    ['ALL', 'read', ['n2'], 3, 2, /, or try --level quorum$/],
    ['THREE', 'write', ['n2', 'n3'], 3, 1, /, or try --level one$/],
    ['ONE', 'write', ['n0', 'n2', 'n3'], 1, 0, /, or try --level any$/],
    ['ONE', 'read', ['n0', 'n2', 'n3'], 1, 0, /start them \(dynats restart n2, .*restart n[013]\)$/],
    ['ANY', 'write', nodes, 1, 0, /start them \(dynats restart n2, .*restart n[013]\)$/],
  ];
  for (const [level, kind, absent, required, alive, end] of table)
    assert.match(line(viewWithout(absent), new UnavailableError(required, alive), { level, kind }), end);
});

test('owners of other zones count for what is advised, not for who is missing', () => {
  const zones = { n0: 'a', n1: 'a', n2: 'b', n3: 'b' };
  const view = viewWithout(['n0', 'n1'], { zones, replicationFactor: 4 });
  const error = new UnavailableError(2, 0, 'none', { zone: 'a' });
  assert.match(
    line(view, error, { level: 'LOCAL_QUORUM', kind: 'read' }),
    /^UNAVAILABLE: LOCAL_QUORUM needs 2 owners of key 137 in zone a, 0 alive \(n0, n1 down\): .* --level one$/,
  );
});

test('a request that names no level is told of the level of its bucket', () => {
  const view = viewWithout(['n2'], { buckets: { orders: { level: 'ALL' } } });
  const error = new UnavailableError(3, 2);
  const about = { level: undefined, bucket: 'orders' };
  assert.match(line(view, error, about), /^UNAVAILABLE: ALL needs 3 owners of key 137, 2 alive/);
  assert.match(line(view, error, { level: undefined }), /^UNAVAILABLE: QUORUM needs/);
  const unseen = unavailableLine(error, { ...subject, ...about }, { owners: undefined, say: inShell });
  assert.match(unseen, /^UNAVAILABLE: the level needs 3 owners/);
});

test('the console is told its own statements, and what only a shell has', async () => {
  const view = viewWithout(['n2', 'n3']);
  const told = async (error: Error) => {
    const explanation = await explained(error, subject, {
      client: { cluster: async () => view },
      say: inConsole,
    });
    return explanation instanceof Error ? explanation.message : '';
  };
  assert.match(
    await told(new UnavailableError(2, 1)),
    /: start them \(restart n2, restart n3\), or try CONSISTENCY ONE$/,
  );
  const late = new WriteTimeoutError(2, 1);
  late.version = '1@w';
  assert.match(
    await told(late),
    /\(in a shell: dynats outcome 1@w --key 137\), or repeat the write with a longer --timeout of the console$/,
  );
});

test('a recovering owner is missing for reads only, a leaving one for all', () => {
  const view = viewWithout([]);
  for (const peer of view.peers) {
    if (peer.node === 'n2') peer.state = 'recovering';
    if (peer.node === 'n3') peer.leaving = true;
  }
  const states = (kind: 'read' | 'write') =>
    ownersOf(view, { ...subject, kind }).missing.map(each => `${each.node} ${each.state}`);
  assert.deepEqual(states('read'), ['n2 recovering', 'n3 down']);
  assert.deepEqual(states('write'), ['n3 down']);
});

test('a coordinator that is down or unknown is named instead of the owners', () => {
  const absent = (via: string | undefined) => absentCoordinator(viewWithout(['n3']), via, inShell);
  assert.equal(absent(undefined), undefined);
  assert.equal(absent('n0'), undefined);
  assert.equal(absent('n3')?.exitCode, 5);
  assert.match(absent('n3')?.line ?? '', /node n3 is to coordinate and is down/);
  assert.equal(absent('n9')?.exitCode, 3);
});

test('where there are brokers and no node, it is the nodes that are missing, not owners', async () => {
  const client = { cluster: () => Promise.reject(new UnavailableError(1, 0)) };
  const cause = new BusError('no-responders', 'dynats.batch');
  const tell = (error: Error) => explained(error, subject, { client, say: inShell });
  const told = await tell(new UnavailableError(1, 0, 'no node of the cluster answers', { cause }));
  assert.equal(
    told instanceof Error && told.message,
    'UNAVAILABLE: the broker answers, but no node of Dynats does: start the nodes, or name the servers with --server',
  );
  const refused = await tell(new UnavailableError(2, 1));
  assert.match(refused instanceof Error ? refused.message : '', /QUORUM needs 2 owners .*, 1 alive/);
});
