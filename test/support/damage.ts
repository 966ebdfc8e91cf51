// Damage to a node's disk, while its log broker does not run.
import { cp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Emulator } from '../../src/emulator/emulator.js';

/** Keeps a copy of the node's log and hints, for `restoreOldCopy`. */
export async function keepCopy(emulator: Emulator, node: string): Promise<void> {
  const { store } = emulator.files(node);
  await cp(store, `${store}.old`, { recursive: true });
}

/** What was stored since the copy was made is lost. */
export async function restoreOldCopy(emulator: Emulator, node: string): Promise<void> {
  const { store } = emulator.files(node);
  await rm(store, { recursive: true });
  await rename(`${store}.old`, store);
}

/** Flips one bit in the middle of the first block of the node's log. */
export async function flipBit(emulator: Emulator, node: string): Promise<void> {
  const { store } = emulator.files(node);
  const files = await readdir(store, { recursive: true });
  const [block] = files.filter(file => file.includes(`LOG_${node}`) && file.endsWith('.blk')).sort();
  if (block === undefined) throw new Error(`no block in ${files.join(' ')}`);
  const file = path.join(store, block);
  const at = Math.floor((await stat(file)).size / 2);
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, at);
  await handle.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, at);
  await handle.close();
}
