// `dynats repair`: has nodes compare what they hold with every other owner now, and repair what differs.

import type { Command } from 'commander';
import type { Client } from '../../client/client.js';
import { UnavailableError } from '../../errors.js';
import { formatElapsed } from '../../model/duration.js';
import { BusError } from '../../ports.js';
import type { RepairReply } from '../../wire/generated/types.js';
import { during } from '../activity.js';
import { addConnectionFlags, type ConnectionFlags, parseTimeoutMs } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { printJson, printTable } from '../output.js';
import { unknownNode } from '../unknown.js';

interface RepairFlags extends ConnectionFlags {
  dryRun?: boolean;
  json?: boolean;
}

/** What came of one node's round: its reply, or why there is none. */
type Outcome = RepairReply | { node: string; failure: string };

export function register(program: Command): void {
  const command = program
    .command('repair')
    .description('compare what nodes hold with every other owner now, and repair what differs')
    .argument('[node]', 'only what this node owns (default: every node, one after another)')
    .option('--dry-run', 'only count what differs')
    .option('-j, --json', 'one JSON object a line for each node');
  addConnectionFlags(command).action(repair);
  explain(command, {
    notes:
      'Nodes do this by themselves; this does not wait for the next round. Exit code 5 when some owner could not be compared. Ctrl-C asks no further node; the one that was asked goes on.',
    examples: ['dynats repair', 'dynats repair n1', ['dynats repair --dry-run', 'count what differs']],
  });
}

async function repair(node: string | undefined, flags: RepairFlags): Promise<void> {
  const [{ withClient }, { clusterView }] = await Promise.all([
    import('../open-client.js'),
    import('../replicas/pages.js'),
  ]);
  await during('asking the nodes', activity =>
    withClient(flags, async client => {
      const view = await clusterView(client);
      const { nodes } = view.cluster;
      const alive = new Set(view.peers.filter(peer => peer.leaving !== true).map(peer => peer.node));
      if (node !== undefined && !nodes.includes(node)) throw unknownNode(node, nodes);
      const outcomes: Outcome[] = [];
      // One after another: of two rounds at once both would send what only one needs to.
      const wanted = node === undefined ? nodes : [node];
      for (const [i, each] of wanted.entries()) {
        activity.at = `${each} compares with the other owners (node ${i + 1} of ${wanted.length})`;
        activity.interrupted = () =>
          interruptedLine(
            outcomes.map(done => done.node),
            each,
          );
        // Nobody waits for a node that all know to be down.
        const outcome = alive.has(each)
          ? await repairNode(client, each, flags)
          : { node: each, failure: 'is down' };
        if (flags.json === true) printJson(outcome);
        outcomes.push(outcome);
      }
      if (flags.json !== true)
        await printTable({
          head: ['node', 'compared', 'different', 'fetched', 'sent', 'took', 'note'],
          rows: outcomes.map(cellsOf),
        });
      if (outcomes.some(outcome => noteOf(outcome) !== ''))
        throw new CliError(
          ExitCode.LevelNotReached,
          'not every owner could be compared: see dynats status, start what is down, and repair again',
        );
    }),
  );
}

function interruptedLine(done: readonly string[], current: string): string {
  const before =
    done.length === 0 ? 'no node is done' : `${done.join(', ')} ${done.length === 1 ? 'is' : 'are'} done`;
  return `${before}; ${current} goes on by itself`;
}

async function repairNode(client: Client, node: string, flags: RepairFlags): Promise<Outcome> {
  const timeout = flags.timeout === undefined ? {} : { timeoutMs: parseTimeoutMs(flags.timeout) };
  try {
    return await client.repair(node, { dryRun: flags.dryRun === true, ...timeout });
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    const isLate = error.cause instanceof BusError && error.cause.kind === 'timeout';
    return { node, failure: isLate ? 'not done in time, and goes on' : 'does not answer' };
  }
}

function cellsOf(outcome: Outcome): string[] {
  if ('failure' in outcome) return [outcome.node, '-', '-', '-', '-', '-', noteOf(outcome)];
  const { compared, different, fetched, sent } = outcome.found;
  const counts = [compared, different, fetched, sent].map(String);
  return [outcome.node, ...counts, formatElapsed(outcome.tookMs), noteOf(outcome)];
}

function noteOf(outcome: Outcome): string {
  if ('failure' in outcome) return outcome.failure;
  return outcome.unreached.length === 0 ? '' : `could not compare with ${outcome.unreached.join(', ')}`;
}
