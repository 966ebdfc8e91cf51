// `dynats top`: nodes, load and latency, live on a terminal.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Client } from '../../client/client.js';
import {
  addConnectionFlags,
  type ConnectionFlags,
  connectionOptions,
  parseTimeoutMs,
} from '../connection.js';
import { explain } from '../help-text.js';
import { openClient } from '../open-client.js';
import type { Survey } from '../survey.js';

interface TopFlags extends ConnectionFlags {
  interval: string;
  once?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('top')
    .description('show nodes, operations, latency, lag and hints live; q ends it')
    .option('-i, --interval <duration>', 'between two looks', '1s')
    .option('--once', 'one look, and end');
  addConnectionFlags(command).action(top);
  explain(command, {
    notes:
      'STATE as in status: U up, D down / N normal, J catching up, R recovering. P50, P99: of the kind and level that is slowest at that node. LOG: last entry appended; LAG: not applied yet. HELD: hints the node holds; OWED: hints others hold for it.\nRequests that clients of mode direct coordinate are seen as log entries only.',
    examples: [
      'dynats top',
      ['dynats top --once --interval 10s', 'one look, of ten seconds; so does a pipe'],
    ],
  });
}

async function top(flags: TopFlags): Promise<void> {
  const intervalMs = parseTimeoutMs(flags.interval, '--interval');
  const [{ frameOf }, { colorsFor, print }, { Screen, painted }] = await Promise.all([
    import('../top/frame.js'),
    import('../output.js'),
    import('../top/screen.js'),
  ]);
  await using looks = new Looks(flags);
  const colors = colorsFor(process.stdout);
  let before = await looks.take();
  if (flags.once === true || !process.stdout.isTTY) {
    await sleep(intervalMs);
    const now = await looks.take();
    for (const line of frameOf(before, now)) print(painted(line, Number.POSITIVE_INFINITY, colors));
    return;
  }
  const screen = new Screen(colors);
  try {
    screen.draw(frameOf(before, before));
    const hasLeft = screen.left.then(() => true);
    while (!(await Promise.race([hasLeft, sleep(intervalMs, false)]))) {
      try {
        const now = await looks.take();
        screen.draw(frameOf(before, now));
        before = now;
      } catch (error) {
        const { failureLine } = await import('../exit.js');
        const nothing: Survey = { ...before, at: Date.now(), statuses: new Map(), requests: new Map() };
        screen.draw(frameOf(nothing, nothing, failureLine(error)));
      }
    }
  } finally {
    screen.close();
  }
}

/** Looks at the cluster over a connection that is left when it brings no answer: its broker may hang. */
class Looks implements AsyncDisposable {
  private client: Client | undefined;
  private last: Survey | undefined;

  constructor(private readonly flags: ConnectionFlags) {}

  /** @throws CliError, DynatsError when nobody answers. */
  async take(): Promise<Survey> {
    const { surveyOf, ANSWER_MS } = await import('../survey.js');
    const options = await connectionOptions(this.flags);
    const timeoutMs = options.timeoutMs ?? ANSWER_MS;
    for (const isLast of [false, true]) {
      try {
        this.client ??= await openClient(options);
        const known = this.last?.cluster;
        const survey = await surveyOf(this.client, ['status', 'requests'], {
          timeoutMs,
          ...(known === undefined ? {} : { known }),
        });
        if (survey.statuses.size > 0) {
          this.last = survey;
          return survey;
        }
      } catch (error) {
        this.leave();
        if (isLast) throw error;
      }
      this.leave();
      // Whether there is any node to answer is what the next look asks.
      this.last = undefined;
    }
    const { CliError, ExitCode } = await import('../exit.js');
    throw new CliError(ExitCode.LevelNotReached, 'no node answers: see whether the nodes run');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client?.close();
  }

  /** Not waited for: a broker that hangs does not let go. */
  private leave(): void {
    this.client?.close().catch(() => {});
    this.client = undefined;
  }
}
