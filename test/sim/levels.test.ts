// Every level at every replication factor, of 7 nodes in two zones, while the owners die one after another: what a level needs is
// counted here by hand, and the nodes and clients must answer as long as it is there, and refuse when it is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidRequestError, UnavailableError } from '../../src/errors.js';
import { Level } from '../../src/model/level.js';
import { SimCluster } from './cluster.js';

const nodes = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
/** Zone a has n0, n2, n4 and n6. With zones by turns the owners of key 0 are the first nodes of this list. */
const zones = Object.fromEntries(nodes.map((node, i) => [node, i % 2 === 0 ? 'a' : 'b']));
const about = { bucket: 'default', key: '0' } as const;
const TIMEOUT_MS = 1500;
const meeting: readonly Level[] = [Level.Quorum, Level.LocalQuorum, Level.EachQuorum, Level.All];

/** Whether the owners alive are enough; undefined when the level makes no sense of so many. */
function isEnough(level: Level, owners: readonly string[], alive: readonly string[]): boolean | undefined {
  const majority = (count: number) => Math.floor(count / 2) + 1;
  const has = (zone: string) => {
    const there = owners.filter(node => zones[node] === zone).length;
    return there === 0 || alive.filter(node => zones[node] === zone).length >= majority(there);
  };
  const counts = { ANY: 0, ONE: 1, TWO: 2, THREE: 3, QUORUM: majority(owners.length), ALL: owners.length };
  if (level === Level.LocalQuorum) return has('a');
  if (level === Level.EachQuorum) return has('a') && has('b');
  return counts[level] > owners.length ? undefined : alive.length >= counts[level];
}

for (let rf = 1; rf <= 7; rf++)
  test(`every level with ${rf} owners, however many of them are dead`, async () => {
    const sim = new SimCluster({
      seed: rf,
      cluster: { nodes, zones, replicationFactor: rf },
      antiEntropy: { enabled: false },
    });
    const { clock } = sim;
    const client = sim.client('c', 'a');
    await sim.start();
    await clock.advance(1000);
    const owners = client.rings.of('default').owners('0');
    assert.deepEqual(owners, nodes.slice(0, rf));
    for (let dead = 0; dead <= rf; dead++) {
      const victim = owners[rf - dead];
      if (victim !== undefined) sim.killNode(victim);
      await clock.advance(3000);
      const alive = owners.slice(0, rf - dead);
      const last = nodes.findLast(node => sim.core(node) !== undefined);
      const coordinators = [client, ...(last === undefined ? [] : [sim.core(last)?.coordinator ?? client])];
      for (const level of Object.values(Level))
        for (const [i, coordinator] of coordinators.entries()) {
          const what: string = `${level}, ${alive.length} of ${rf} alive, coordinator ${i}`;
          const value: string = what;
          const write = () =>
            clock.until(coordinator.write({ kind: 'write', ...about, level, value, zone: 'a' }, TIMEOUT_MS));
          const read = () =>
            clock.until(coordinator.read({ kind: 'read', ...about, level, zone: 'a' }, TIMEOUT_MS));
          const expected = isEnough(level, owners, alive);
          // A hint is enough for ANY: some node that is alive must take it.
          if (level === Level.Any && last === undefined) continue;
          const requests = level === Level.Any ? [write] : [write, read];
          for (const request of requests)
            if (expected === undefined) await assert.rejects(request(), InvalidRequestError, what);
            else if (!expected) await assert.rejects(request(), UnavailableError, what);
            else await request();
          // Such reads meet such writes; of the other levels that depends on who answers.
          if (expected === true && meeting.includes(level)) assert.equal((await read()).value, value, what);
          // The next coordinator has not heard of this version: its clock must be past it.
          await clock.advance(10);
        }
    }
  });
