// dynats why: what a key's state rests on, and what keeps a delete from being purged.

import type { Command } from 'commander';
import type { StatusReply } from '../../wire/generated/types.js';
import { during } from '../activity.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { explain } from '../help-text.js';
import { print, printJson, visible } from '../output.js';
import { defaultBucket } from '../request-flags.js';

interface WhyFlags extends ConnectionFlags {
  bucket?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('why')
    .description('why a key is there or not, and what still keeps its delete from being purged')
    .argument('<key>', 'put -- before one that starts with "-"')
    .option('-b, --bucket <bucket>', 'bucket', defaultBucket)
    .option('-j, --json', 'print it as JSON');
  addConnectionFlags(command).action(why);
  explain(command, { examples: ['dynats why 137', 'dynats why session/7 --bucket web --json'] });
}

async function why(key: string, flags: WhyFlags): Promise<void> {
  const [{ withClient }, { clusterView }, { inspectKey }, { whyOf }] = await Promise.all([
    import('../open-client.js'),
    import('../replicas/pages.js'),
    import('../inspect/one-key.js'),
    import('../inspect/why.js'),
  ]);
  const bucket = flags.bucket ?? defaultBucket;
  const found = await during('asking the nodes', () =>
    withClient(flags, async client => {
      const view = await clusterView(client);
      const report = await inspectKey(client, view, bucket, key);
      const statuses = new Map<string, StatusReply>();
      await Promise.all(
        view.peers.map(async ({ node }) => {
          // A node that does not answer is reported by the heartbeats it lacks.
          const status = await client.status(node).catch(() => undefined);
          if (status !== undefined) statuses.set(node, status);
        }),
      );
      return { owners: report.owners, ...whyOf(report, view, statuses) };
    }),
  );
  if (flags.json === true) return printJson({ key, bucket, ...found });
  print(`${bucket} > ${visible(key)} ${found.state}: ${found.because}`);
  for (const blocker of found.blockers) print(`  ${blocker}`);
}
