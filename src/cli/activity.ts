// What a command is at, once it takes over a second: a line on stderr, on a terminal only, gone when it is done.
import { formatElapsed } from '../model/duration.js';
import { hideStatusLine, showStatusLine } from './status-line.js';

const shownAfterMs = 1000;
const everyMs = 250;

export interface Activity {
  /** What is going on, as in "comparing n2 (3 of 4)"; empty when something else shows it. */
  at: string;
  /** What to say after Ctrl-C: what was done, and what goes on without this process. */
  interrupted: (() => string) | undefined;
}

let current: Activity | undefined;

/** Runs `work`; while it takes long the person sees `what`, or what `work` has put in its place. */
export async function during<T>(what: string, work: (activity: Activity) => Promise<T>): Promise<T> {
  const outer = current;
  const activity: Activity = { at: what, interrupted: undefined };
  current = activity;
  const begunAt = performance.now();
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - begunAt;
    if (elapsedMs >= shownAfterMs && activity.at !== '')
      showStatusLine(`${activity.at}, ${formatElapsed(Math.floor(elapsedMs / 1000) * 1000)}`);
  }, everyMs);
  timer.unref();
  try {
    return await work(activity);
  } finally {
    clearInterval(timer);
    hideStatusLine();
    current = outer;
  }
}

/** What a command that is interrupted now has to say. */
export function sayingOfInterrupted(): string | undefined {
  return current?.interrupted?.();
}
