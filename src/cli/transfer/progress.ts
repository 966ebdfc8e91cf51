// Shows how far a transfer is: a bar on a terminal, otherwise a line now and then. Both on stderr.
import { formatElapsed } from '../../model/duration.js';
import { isQuiet } from '../quiet.js';

export interface Progress {
  /** @param position in the unit of `total`. */
  update(position: number, count: number, failed: number): void;
  stop(): void;
}

const lineEveryMs = 5000;

/** @param total 0 when it is not known. */
export async function showProgress(
  what: string,
  total: number,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<Progress> {
  if (isQuiet()) return { update: () => {}, stop: () => {} };
  return stream.isTTY ? bar(what, total, stream) : lines(what, total, stream);
}

async function bar(what: string, total: number, stream: NodeJS.WriteStream): Promise<Progress> {
  const { default: cliProgress } = await import('cli-progress');
  const share = total > 0 ? '[{bar}] {percentage}% | ' : '';
  const single = new cliProgress.SingleBar({
    stream,
    format: `${what} ${share}{count} entries | {rate}/s | {failed} failed`,
    hideCursor: true,
    clearOnComplete: true,
    fps: 8,
  });
  const start = performance.now();
  single.start(Math.max(total, 1), 0, { count: 0, rate: 0, failed: 0 });
  return {
    update: (position, count, failed) =>
      single.update(Math.min(position, Math.max(total, 1)), { count, rate: rateOf(count, start), failed }),
    stop: () => single.stop(),
  };
}

function lines(what: string, total: number, stream: NodeJS.WriteStream): Progress {
  const start = performance.now();
  let last = start;
  return {
    update: (position, count, failed) => {
      const now = performance.now();
      if (now - last < lineEveryMs) return;
      last = now;
      const share = total > 0 ? ` (${Math.min(100, Math.floor((100 * position) / total))} %)` : '';
      stream.write(
        `${what}: ${count} entries${share}, ${rateOf(count, start)}/s, ${failed} failed, ${formatElapsed(now - start)}\n`,
      );
    },
    stop: () => {},
  };
}

function rateOf(count: number, start: number): number {
  return Math.round((1000 * count) / Math.max(1, performance.now() - start));
}
