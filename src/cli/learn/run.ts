// One walk from its first line to its last: opens the room, and closes it whatever happens.
import { CliError, ExitCode } from '../exit.js';
import { note } from '../output.js';
import { AutoAsker, Person } from './askers.js';
import type { Lesson } from './lesson.js';
import { Orders } from './orders.js';
import { Room } from './room.js';
import { Teller } from './teller.js';
import { walk } from './walk.js';

export interface RunOptions {
  readonly lessons: readonly Lesson[];
  readonly first: number;
  readonly last: number;
  readonly isAuto: boolean;
}

const welcome = `You will type commands to a real cluster of four nodes that runs for this walk alone, see what
it does, and break it. Each step goes on when the cluster itself says that it happened.

Type hint when you are stuck, skip to have a step done for you, back, list, or quit. The owners' background
comparison (anti-entropy) is switched off here, so that nothing mends itself while you look.`;

/** @throws CliError: interrupted, no cluster to be had, or a walk by itself that did not go as told. */
export async function runWalk({ lessons, first, last, isAuto }: RunOptions): Promise<void> {
  const out = process.stdout;
  const teller = new Teller(out);
  const { signal, interrupt, done } = interruptible();
  const interrupted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new CliError(ExitCode.Interrupted, '')), { once: true });
  });
  // Whoever waits for it hears of it; between two waits nobody does.
  interrupted.catch(() => {});
  let at = first;
  try {
    const room = await Room.open({ signal, onProgress: note });
    try {
      using person = isAuto
        ? undefined
        : new Person({ input: process.stdin, out, nodes: room.nodes, onInterrupt: interrupt });
      const orders = new Orders(room, out);
      teller.text(welcome);
      const stage = {
        facts: room.facts,
        run: (line: string) => orders.run(line),
        begin: async () => {
          await room.tidy();
          await orders.begin();
        },
      };
      const asker = person ?? new AutoAsker(out);
      const onLesson = (lesson: number) => {
        at = lesson;
      };
      const walking = walk({ lessons, first, last, stage, teller, asker, isAuto, onLesson });
      // What it still waits for when it is interrupted ends with the room.
      walking.catch(() => {});
      const isComplete = await Promise.race([walking, interrupted]);
      await orders.close();
      teller.text(isComplete ? farewell : `Go on later with: dynats learn --lesson ${at}`);
    } finally {
      await room[Symbol.asyncDispose]();
      note('The cluster of the walk is gone, and its data.');
    }
  } catch (error) {
    if (signal.aborted)
      throw new CliError(ExitCode.Interrupted, `interrupted: go on with dynats learn --lesson ${at}`);
    throw error;
  } finally {
    done();
  }
}

const farewell = `That was it. In the repository, docs/GUARANTEES.md says what is promised at each level and which test
shows it, docs/ARCHITECTURE.md how it works, examples/ how to use it from TypeScript, Python, Go and the nats CLI. A
cluster to play with: dynats up --console.`;

/** Aborted by the first SIGINT, SIGTERM or SIGHUP, or by Ctrl-C at the prompt; a second one ends this process. */
function interruptible(): { signal: AbortSignal; interrupt: () => void; done: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(ExitCode.Interrupted);
    controller.abort();
  };
  for (const name of names) process.on(name, interrupt);
  return {
    signal: controller.signal,
    interrupt,
    done: () => {
      for (const name of names) process.off(name, interrupt);
    },
  };
}
