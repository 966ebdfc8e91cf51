// dynats inspect: what each replica holds, and whether the owners agree.

import type { Command } from 'commander';
import { during } from '../activity.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { parseCount } from '../numbers.js';
import { counted, note, printJson } from '../output.js';
import { defaultBucket } from '../request-flags.js';
import { unknownNode } from '../unknown.js';

interface InspectFlags extends ConnectionFlags {
  key?: string;
  bucket?: string;
  json?: boolean;
  checkOnly?: boolean;
  limit?: string;
}

const rowsMaxDefault = '500';

export function register(program: Command): void {
  const command = program
    .command('inspect')
    .description('what each replica holds in memory, and on which keys owners differ (then exit code 1)')
    .argument('[node]', 'only this node, without the cross-check')
    .option('-k, --key <key>', "token, preference list and each owner's copy of one key (default: every key)")
    .option('-b, --bucket <bucket>', 'bucket', defaultBucket)
    .option('-j, --json', 'one JSON object a line: node, key, value, time, writer, deleted')
    .option('--check-only', 'the cross-check alone, without the records')
    .option('--limit <rows>', 'most rows of the table on a terminal', rowsMaxDefault);
  addConnectionFlags(command).action(inspect);
  explain(command, {
    examples: [
      ['dynats inspect', 'everything, and whether the owners agree'],
      ['dynats inspect --key 137', 'who owns a key, and what each owner holds'],
      'dynats inspect n1 --limit 20',
      ['dynats inspect --check-only', 'for a script: exit code 1 when owners differ'],
    ],
  });
}

async function inspect(node: string | undefined, flags: InspectFlags): Promise<void> {
  const rowsMax = parseCount(flags.limit ?? rowsMaxDefault, '--limit');
  if (flags.key !== undefined && node !== undefined)
    throw new CliError(ExitCode.Usage, 'give a node or --key, not both: --key asks every node');
  const [{ withClient }, { clusterView }] = await Promise.all([
    import('../open-client.js'),
    import('../replicas/pages.js'),
  ]);
  const bucket = flags.bucket ?? defaultBucket;
  await during('asking the nodes', activity =>
    withClient(flags, async client => {
      const view = await clusterView(client);
      if (flags.key !== undefined) return inspectOneKey(flags.key, flags.json === true);
      if (node !== undefined && !view.cluster.nodes.includes(node))
        throw new CliError(
          ExitCode.Usage,
          `${unknownNode(node, view.cluster.nodes).message}; --key ${node} shows the copies of a key`,
        );
      const { listAll, listNode } = await import('../inspect/listing.js');
      const checkOnly = flags.checkOnly === true;
      const onKeys = (count: number) => {
        activity.at = `${counted(count, 'key')} read`;
        activity.interrupted = () => `${counted(count, 'key')} were read, the rest was not`;
      };
      const options = {
        bucket,
        json: flags.json === true,
        checkOnly,
        rowsMax,
        out: process.stdout,
        note,
        onKeys,
      };
      if (node !== undefined) return listNode(client, node, options);
      // The listing has named them.
      if ((await listAll(client, view, options)) > 0) process.exitCode = ExitCode.Unexpected;

      async function inspectOneKey(key: string, json: boolean): Promise<void> {
        const { inspectKey, keyReportJson, printKeyReport } = await import('../inspect/one-key.js');
        const report = await inspectKey(client, view, bucket, key);
        if (json) printJson(keyReportJson(report));
        else await printKeyReport(report, process.stdout);
        const { verdict } = report.comparison;
        if (verdict === 'diverged') process.exitCode = ExitCode.Unexpected;
        if (verdict === 'missing') process.exitCode = ExitCode.KeyNotFound;
      }
    }),
  );
}
