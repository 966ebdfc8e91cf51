// Whom a client asks, on a bus whose nodes are the test's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Coordinators } from '../../src/client/coordinators.js';
import { systemClock } from '../../src/system.js';
import { FakeNodes } from './fake-nodes.js';

const nodes = ['n0', 'n1', 'n2', 'n3'];
const patienceMs = 60_000;
const never = new Promise<void>(() => {});

function stage(): { bus: FakeNodes; coordinators: Coordinators } {
  const bus = new FakeNodes(nodes, 'n2');
  return { bus, coordinators: new Coordinators({ bus, clock: systemClock, nodes: () => nodes }) };
}

/** As after a message of the queue group that n2 took. */
async function stageWithHanging(node = 'n2') {
  const { bus, coordinators } = stage();
  bus.become(node, 'hangs');
  assert.equal(await coordinators.isAnswered(never, undefined, patienceMs), false);
  return { bus, coordinators };
}

const nextOnes = (coordinators: Coordinators, count = 6) =>
  Array.from({ length: count }, () => coordinators.next());

test('the queue group is asked, and no roll is called, while messages are answered in time', async () => {
  const { bus, coordinators } = stage();
  assert.equal(await coordinators.isAnswered(Promise.resolve(), undefined, patienceMs), true);
  assert.deepEqual([coordinators.next(), bus.asked], [undefined, []]);
});

test('once a node hangs those that answer are asked by name, in turn', async () => {
  const { coordinators } = await stageWithHanging();
  assert.deepEqual(nextOnes(coordinators), ['n0', 'n1', 'n3', 'n0', 'n1', 'n3']);
  assert.deepEqual(
    [0, 1, 2, 3].map(turn => coordinators.named(turn)),
    ['n0', 'n1', 'n3', 'n0'],
  );
});

test('a message that takes long is waited for when every node answers', async () => {
  const { bus, coordinators } = stage();
  let answer = () => {};
  const long = new Promise<void>(done => {
    answer = done;
  });
  // Answered only after the roll was called.
  const request = bus.request.bind(bus);
  bus.request = subject => {
    setImmediate(answer);
    return request(subject);
  };
  assert.equal(await coordinators.isAnswered(long, undefined, patienceMs), true);
  assert.equal(coordinators.next(), undefined);
});

test('the queue group is asked again as soon as the node that hung answers', async () => {
  const { bus, coordinators } = await stageWithHanging();
  bus.wake('n2');
  await Promise.resolve();
  assert.deepEqual(nextOnes(coordinators, 2), [undefined, undefined]);
});

test('a node that goes on hanging is asked whether it is back, and nothing else', async () => {
  const { bus, coordinators } = await stageWithHanging();
  for (let i = 0; i < 3; i++) {
    bus.expire('n2');
    assert.equal(await coordinators.isAnswered(never, undefined, patienceMs), false);
    assert.ok(nextOnes(coordinators).every(node => node !== undefined && node !== 'n2'));
    await new Promise(done => setImmediate(done));
  }
  assert.equal(bus.met('n2', 'cluster'), 4);
});

test('a dead node is no node that hangs: the queue group has forgotten it', async () => {
  const { bus, coordinators } = stage();
  bus.become('n1', 'dead');
  assert.equal(await coordinators.isAnswered(never, undefined, 200), false);
  assert.equal(coordinators.next(), undefined);
});

test('a node that dies while another hangs is asked by name no more', async () => {
  const { coordinators } = await stageWithHanging();
  coordinators.gone('n1');
  assert.deepEqual(nextOnes(coordinators, 4), ['n0', 'n3', 'n0', 'n3']);
});

test('a second node that hangs is found when it is late, by name', async () => {
  const { bus, coordinators } = await stageWithHanging();
  bus.become('n1', 'hangs');
  assert.equal(await coordinators.isAnswered(never, 'n1', patienceMs), false);
  assert.deepEqual(nextOnes(coordinators, 4), ['n0', 'n3', 'n0', 'n3']);
});

test('when no node answers there is nobody to prefer', async () => {
  const { bus, coordinators } = stage();
  for (const node of nodes) bus.become(node, 'hangs');
  assert.equal(await coordinators.isAnswered(never, undefined, 100), false);
  assert.equal(coordinators.next(), undefined);
  assert.equal(coordinators.named(1), 'n1');
});

test('a client begins with what the first node it asked says of the others', async () => {
  const { bus, coordinators } = stage();
  bus.become('n2', 'hangs');
  coordinators.begin(['n0', 'n1', 'n3']);
  assert.deepEqual(nextOnes(coordinators, 3), ['n0', 'n1', 'n3']);
  bus.wake('n2');
  assert.equal(await coordinators.isAnswered(never, 'n0', 200), false);
  assert.equal(coordinators.next(), undefined);
});

test('a backup goes to another node than the late message did, while there is one', async () => {
  const { coordinators } = stage();
  for (let turn = 0; turn < 8; turn++) assert.notEqual(coordinators.named(turn, 'n1'), 'n1');
  const alone = new Coordinators({
    bus: new FakeNodes(['n0'], 'n0'),
    clock: systemClock,
    nodes: () => ['n0'],
  });
  assert.equal(alone.named(0, 'n0'), 'n0');
});
