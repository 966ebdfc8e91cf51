// dynats restore: put a backup into a bucket.
import type { Command } from 'commander';
import { formatElapsed } from '../../model/duration.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode, failureLine } from '../exit.js';
import { explain } from '../help-text.js';
import { counted, note, printJson, visible, warn } from '../output.js';
import { addQuietFlag } from '../quiet.js';
import { abortOnSignals, asFileError, patienceOf } from '../transfer/backups.js';
import { showProgress } from '../transfer/progress.js';

interface RestoreFlags extends ConnectionFlags {
  bucket?: string;
  merge?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('restore')
    .description(
      'put a backup into a bucket; the whole file is checked first, and exit code 5 when any record failed',
    )
    .argument('<file>', 'as dynats backup wrote it')
    .option('-b, --bucket <bucket>', 'bucket; made if it is not there (default: the one it was taken of)')
    .option('--merge', 'the bucket may hold other things: what is newer than the backup stays')
    .option('-j, --json', 'print the outcome as JSON');
  addConnectionFlags(addQuietFlag(command)).action(restore);
  explain(command, {
    notes: 'Interrupted? Run it again: what is restored is seen and left alone.',
    examples: [
      'dynats restore orders.backup --bucket orders2',
      ['dynats restore orders.backup --merge', 'beside what has been written since'],
    ],
  });
}

async function restore(file: string, flags: RestoreFlags): Promise<void> {
  const [{ withClient }, { restoreBackup }, { statSync }] = await Promise.all([
    import('../open-client.js'),
    import('../../backup/restore.js'),
    import('node:fs'),
  ]);
  const start = performance.now();
  using interrupted = abortOnSignals();
  const { signal } = interrupted;
  const progress = await showProgress('restore', statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  try {
    const { bucket, counts, failures, failed } = await withClient(flags, client =>
      restoreBackup(client, {
        file,
        bucket: flags.bucket,
        merge: flags.merge === true,
        ...patienceOf(flags),
        signal,
        onProgress: (...at) => progress.update(...at),
      }),
    );
    progress.stop();
    if (flags.json === true) printJson({ file, bucket, ...counts, failed });
    else {
      const took = formatElapsed(performance.now() - start);
      note(`restored ${counted(counts.restore, 'key')} into bucket ${bucket} in ${took}`);
      for (const [count, what] of [
        [counts.already, 'there already'],
        [counts.newer, 'left as they are: something newer is there'],
        [counts.delete, 'deleted: they had been when the backup was taken'],
        [counts.expired, 'left out: their life is over'],
      ] as const)
        if (count > 0) note(`${counted(count, 'key')} ${what}`);
      for (const { key, error } of failures) warn(`failed: ${visible(key)}: ${visible(failureLine(error))}`);
    }
    if (signal.aborted) throw new CliError(ExitCode.Interrupted, 'interrupted: run it again to go on');
    if (failed > 0)
      throw new CliError(
        ExitCode.LevelNotReached,
        `${counted(failed, 'key')} failed: run it again, which leaves alone what is restored`,
      );
  } catch (error) {
    throw asFileError(error);
  } finally {
    progress.stop();
  }
}
