// Damage to what a stopped log broker has on disk: a bit, the end of a file, a stream, everything.
import {
  closeSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { SeededRandom } from './random.js';

/** Flips one bit of one block of the node's log; returns where. Undefined when there is none yet. */
export function flipBit(store: string, node: string, random: SeededRandom): string | undefined {
  const block = pickBlock(store, node, random);
  if (block === undefined) return undefined;
  const at = random.below(block.bytes);
  const file = openSync(block.file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8() ^ (1 << random.below(8)));
    writeSync(file, byte, 0, 1, at);
  } finally {
    closeSync(file);
  }
  return `byte ${at} of ${block.bytes} in ${path.basename(block.file)}`;
}

/** Cuts off the end of one block of the node's log; returns how much. Undefined when there is none yet. */
export function truncateBlock(store: string, node: string, random: SeededRandom): string | undefined {
  const block = pickBlock(store, node, random);
  if (block === undefined) return undefined;
  const left = random.below(block.bytes);
  truncateSync(block.file, left);
  return `${path.basename(block.file)} from ${block.bytes} to ${left} bytes`;
}

/** Deletes the stream that is the node's log. False when there is none. */
export function deleteLogStream(store: string, node: string): boolean {
  const dir = filesOf(store).find(file => path.basename(file) === `LOG_${node}`);
  if (dir === undefined) return false;
  rmSync(path.join(store, dir), { recursive: true });
  return true;
}

function pickBlock(
  store: string,
  node: string,
  random: SeededRandom,
): { file: string; bytes: number } | undefined {
  const blocks = filesOf(store)
    .filter(file => file.includes(`LOG_${node}${path.sep}`) && file.endsWith('.blk'))
    .sort()
    .map(file => ({ file: path.join(store, file), bytes: statSync(path.join(store, file)).size }))
    .filter(({ bytes }) => bytes > 0);
  return blocks.length === 0 ? undefined : random.pick(blocks);
}

function filesOf(store: string): string[] {
  try {
    return readdirSync(store, { recursive: true, encoding: 'utf8' });
  } catch {
    return []; // Wiped, and not started since.
  }
}
