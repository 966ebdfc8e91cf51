// What must not stay behind: servers, client processes, directories. Undone in reverse when a part ends, fails or is
// interrupted.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

type Step = () => unknown;
const steps: Step[] = [];
let ending: Promise<void> | undefined;

/** Registers how to undo something; the returned function does it now. */
export function undoAtEnd(step: Step): () => Promise<void> {
  steps.push(step);
  return async () => {
    const at = steps.indexOf(step);
    if (at < 0) return;
    steps.splice(at, 1);
    await step();
  };
}

/** A directory that is deleted at the end. */
export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dynats-bench-'));
  undoAtEnd(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export function undoAll(): Promise<void> {
  ending ??= (async () => {
    for (let step = steps.pop(); step !== undefined; step = steps.pop())
      try {
        await step();
      } catch (error) {
        process.stderr.write(`${String(error)}\n`);
      }
    ending = undefined;
  })();
  return ending;
}

/** Ctrl-C ends the servers and then this process. */
export function undoOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void undoAll().then(() => process.exit(130)));
}
