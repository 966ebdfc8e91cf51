// dynats backup: write a bucket to one checked file, or check such a file.
import type { Command } from 'commander';
import { formatElapsed } from '../../model/duration.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { counted, note, printJson } from '../output.js';
import { addQuietFlag } from '../quiet.js';
import { parseLevel } from '../request-flags.js';
import { abortOnSignals, asFileError, describeBackup, patienceOf } from '../transfer/backups.js';
import { keysEstimate } from '../transfer/keys-estimate.js';
import { type Progress, showProgress } from '../transfer/progress.js';

interface BackupFlags extends ConnectionFlags {
  level?: string;
  verify?: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('backup')
    .description(
      'write every record of a bucket, with versions, lives and deletes, to one checked file while it is in use',
    )
    .argument('[bucket]', 'bucket')
    .argument('[file]', 'takes the place of what is there once the backup is whole')
    .option('-l, --level <level>', 'what is in it: all that a read at this level meets', 'quorum')
    .option('--verify <file>', 'check this backup, and say what it holds (default: take one)')
    .option('-j, --json', 'print the outcome as JSON');
  addConnectionFlags(addQuietFlag(command)).action(
    (bucket: string | undefined, file: string | undefined, flags: BackupFlags) =>
      flags.verify === undefined ? take(bucket, file, flags) : verify(flags.verify, bucket, flags),
  );
  explain(command, {
    examples: [
      'dynats backup orders orders.backup',
      ['dynats backup --verify orders.backup', 'needs no cluster'],
      'dynats restore orders.backup --bucket orders2',
    ],
  });
}

async function take(bucket: string | undefined, file: string | undefined, flags: BackupFlags): Promise<void> {
  if (bucket === undefined || file === undefined)
    throw new CliError(
      ExitCode.Usage,
      'name the bucket and the file: dynats backup default default.backup; or dynats backup --verify FILE',
    );
  const level = parseLevel(flags.level ?? 'quorum', 'read');
  const [{ withClient }, { takeBackup }] = await Promise.all([
    import('../open-client.js'),
    import('../../backup/take.js'),
  ]);
  const start = performance.now();
  using interrupted = abortOnSignals();
  const { signal } = interrupted;
  let progress: Progress | undefined;
  try {
    const end = await withClient(flags, async client => {
      const { cluster, peers } = await client.cluster();
      const nodes = peers.map(({ node }) => node);
      progress = await showProgress('backup', await keysEstimate(client, nodes, cluster, bucket));
      return takeBackup(client, {
        file,
        bucket,
        level,
        ...patienceOf(flags),
        signal,
        onProgress: records => progress?.update(records, records, 0),
      });
    });
    progress?.stop();
    if (flags.json === true) return printJson({ file, bucket, ...end });
    const took = formatElapsed(performance.now() - start);
    const live = end.records - end.tombstones;
    note(
      `backed up ${counted(live, 'key')} and ${counted(end.tombstones, 'delete')} of bucket ${bucket} to ${file} in ${took}`,
    );
  } catch (error) {
    if (signal.aborted) throw new CliError(ExitCode.Interrupted, `interrupted: ${file} was not written`);
    throw asFileError(error);
  } finally {
    progress?.stop();
  }
}

async function verify(file: string, bucket: string | undefined, flags: BackupFlags): Promise<void> {
  if (bucket !== undefined)
    throw new CliError(
      ExitCode.Usage,
      '--verify takes one file and no bucket: dynats backup --verify orders.backup',
    );
  const [{ verifyBackup }, { statSync }] = await Promise.all([
    import('../../backup/read.js'),
    import('node:fs'),
  ]);
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const progress = await showProgress('verify', bytes);
  try {
    const { header, end } = await verifyBackup(file, (read, records) => progress.update(read, records, 0));
    progress.stop();
    if (flags.json === true) return printJson({ file, header, end });
    describeBackup(file, bytes, { header, end });
  } catch (error) {
    throw asFileError(error);
  } finally {
    progress.stop();
  }
}
