// Damage to the data of a stream on a server that does not run.
import { open, readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';

/** Flips a bit in the middle of the stream's first block, or cuts that block in half. */
export async function damageBlock(store: string, stream: string, how: 'flip' | 'truncate'): Promise<void> {
  const files = await readdir(store, { recursive: true });
  const [block] = files.filter(file => file.includes(`${stream}${path.sep}`) && file.endsWith('.blk')).sort();
  if (block === undefined) throw new Error(`there is no block of ${stream} in ${store}`);
  const file = path.join(store, block);
  const middle = Math.floor((await stat(file)).size / 2);
  if (how === 'truncate') return truncate(file, middle);
  const handle = await open(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, middle);
    await handle.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, middle);
  } finally {
    await handle.close();
  }
}
