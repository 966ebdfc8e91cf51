// What is done to a store while it is under load: a row of the table each.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SetLoad } from './set-load.js';
import type { Side } from './side.js';

export interface Case {
  readonly name: string;
  readonly title: string;
  readonly nodes: number;
  /** Whether JetStream KV is put through it too. */
  readonly besideJetStream: boolean;
  /** Writes that are acknowledged before it begins, and after it has ended, of those asked for. */
  run(side: Side, load: SetLoad): Promise<void>;
}

const holdMs = 5000;
const wholeLimitMs = 30_000;
const storm = 5;

async function wholeAgain(side: Side, load: SetLoad): Promise<void> {
  await side.whole(wholeLimitMs);
  await load.answers(wholeLimitMs);
}

/** The holder is damaged while it is down; then the others are killed and started, so that its word may be the first. */
function damaged(
  name: string,
  title: string,
  besideJetStream: boolean,
  damage: (side: Side, node: number) => Promise<void>,
): Case {
  return {
    name,
    title,
    nodes: 4,
    besideJetStream,
    async run(side, load) {
      const hit = await side.holder();
      await side.kill(hit);
      await damage(side, hit);
      await side.mend(hit);
      await wholeAgain(side, load);
      for (let node = 0; node < side.nodes; node++) {
        if (node === hit) continue;
        await side.kill(node);
        await sleep(1000);
        await side.mend(node);
        await wholeAgain(side, load);
      }
    },
  };
}

/** As Jepsen's: one side of the holders is away while writes are acknowledged by the rest, of which one then loses power. */
function powerLossOfOne(
  name: string,
  title: string,
  away: (side: Side, node: number) => Promise<void>,
): Case {
  return {
    name,
    title,
    nodes: 3,
    besideJetStream: name.endsWith('pauses'),
    async run(side, load) {
      const [first, second, crashes] = [0, 1, 2];
      await away(side, first);
      await sleep(holdMs);
      await side.losePower([crashes]);
      await away(side, second);
      side.healNetwork?.();
      await side.mend(first);
      await side.mend(crashes);
      // With proxies the second one was healed with the first.
      if (name.endsWith('partitions')) side.cut?.(second);
      await sleep(holdMs);
      side.healNetwork?.();
      await side.mend(second);
      await wholeAgain(side, load);
    },
  };
}

export const cases: readonly Case[] = [
  {
    name: 'kill',
    title: 'kill -9 of one node',
    nodes: 4,
    besideJetStream: true,
    async run(side, load) {
      const hit = await side.holder();
      await side.kill(hit);
      await sleep(holdMs);
      await side.mend(hit);
      await wholeAgain(side, load);
    },
  },
  {
    name: 'pause',
    title: 'one node paused for 5 s',
    nodes: 4,
    besideJetStream: true,
    async run(side, load) {
      const hit = await side.holder();
      await side.pause(hit);
      await sleep(holdMs);
      await side.mend(hit);
      await wholeAgain(side, load);
    },
  },
  {
    name: 'partition',
    title: 'one node cut off from the others for 5 s',
    nodes: 4,
    besideJetStream: false,
    async run(side, load) {
      side.cut?.(1);
      await sleep(holdMs);
      side.healNetwork?.();
      await wholeAgain(side, load);
    },
  },
  {
    name: 'restart-storm',
    title: `every node killed ${storm} times, one after the other`,
    nodes: 4,
    besideJetStream: false,
    async run(side, load) {
      for (let round = 0; round < storm; round++)
        for (let node = 0; node < side.nodes; node++) {
          await side.kill(node);
          await side.mend(node);
        }
      await wholeAgain(side, load);
    },
  },
  {
    name: 'power-loss-all',
    title: 'power loss of all nodes at once',
    nodes: 4,
    besideJetStream: true,
    async run(side, load) {
      const all = Array.from({ length: side.nodes }, (_, node) => node);
      await side.losePower(all);
      await Promise.all(all.map(node => side.mend(node)));
      await wholeAgain(side, load);
    },
  },
  powerLossOfOne(
    'power-loss-one-pauses',
    'power loss of one node of three, the others paused by turns',
    (side, node) => side.pause(node),
  ),
  powerLossOfOne(
    'power-loss-one-partitions',
    'power loss of one node of three, the others cut off by turns',
    async (side, node) => side.cut?.(node),
  ),
  damaged('bit-flip', "one flipped bit in one node's log", true, (side, node) => side.flipBit(node)),
  damaged('truncation', "one node's log cut in half", true, (side, node) => side.truncate(node)),
  damaged('wipe', 'one node wiped', false, (side, node) => side.wipe(node)),
  {
    name: 'clock',
    title: "one node's clock an hour ahead, then an hour behind",
    nodes: 4,
    besideJetStream: false,
    async run(side, load) {
      for (const offsetMs of [3_600_000, -3_600_000, 0]) {
        await side.setClock?.(1, offsetMs);
        await sleep(holdMs / 2);
        await wholeAgain(side, load);
      }
    },
  },
];
