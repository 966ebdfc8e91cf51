// `dynats check`: whether the cluster is well, for monitoring systems. Its exit codes are those of a Nagios plugin.
import { type Command, Option } from 'commander';
import { DynatsError, ErrorCode } from '../../errors.js';
import type { Format } from '../check/formats.js';
import {
  type CheckName,
  checkKinds,
  checkNames,
  parseThreshold,
  type Threshold,
} from '../check/thresholds.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode, failureLine } from '../exit.js';
import { explain } from '../help-text.js';

interface CheckFlags extends ConnectionFlags, Record<CheckName, string> {
  format: Format;
}

const formats: readonly Format[] = ['text', 'nagios', 'json', 'prometheus'];

export function register(program: Command): void {
  const command = program
    .command('check')
    .description('judge the cluster by thresholds, for Nagios, Prometheus and their kin')
    .addOption(new Option('-f, --format <format>', 'how to tell it').choices(formats).default('text'));
  for (const name of checkNames) {
    const { flag, help, defaults } = checkKinds[name];
    command.addOption(new Option(`${flag} <w,c>`, help).default(defaults));
  }
  addConnectionFlags(command).action(check);
  explain(command, {
    notes:
      'W,C: warns above W, is critical above C. Either may be left out (",2"), or both: off.\n\nExit codes: 0 ok, 1 warning, 2 critical (also when no broker or no node answers), 3 unknown or bad usage.',
    examples: [
      'dynats check',
      'dynats check --format nagios --lag 500,5000 --hint-age 5m,1h',
      'dynats check --log-bytes 10GiB,50GiB --format json',
      'dynats check --format prometheus > /var/lib/node_exporter/dynats.prom',
    ],
  });
}

async function check(flags: CheckFlags): Promise<void> {
  const thresholds = Object.fromEntries(
    checkNames.map(name => [name, parseThreshold(checkKinds[name], flags[name])]),
  ) as Record<CheckName, Threshold>;
  const [{ written }, { judge, overall }, { colorsFor }] = await Promise.all([
    import('../check/formats.js'),
    import('../check/judge.js'),
    import('../output.js'),
  ]);
  const survey = await look(flags);
  const findings = judge(survey, thresholds);
  process.stdout.write(
    written({ cluster: survey.cluster.name, findings }, flags.format, colorsFor(process.stdout)),
  );
  process.exitCode = overall(findings);
}

/** Whatever keeps the cluster from being seen at all is critical; what this user may not see is unknown. */
async function look(flags: CheckFlags) {
  const [{ openClient }, { connectionOptions }, { surveyOf, ANSWER_MS }] = await Promise.all([
    import('../open-client.js'),
    import('../connection.js'),
    import('../survey.js'),
  ]);
  const options = await connectionOptions(flags);
  try {
    const client = await openClient(options);
    try {
      return await surveyOf(client, ['status', 'hints'], { timeoutMs: options.timeoutMs ?? ANSWER_MS });
    } finally {
      await client.close();
    }
  } catch (error) {
    const isUnknown =
      !(error instanceof CliError && error.exitCode === ExitCode.CannotConnect) &&
      !(error instanceof DynatsError && error.code === ErrorCode.Unavailable);
    const [verdict, exitCode] = isUnknown ? ['UNKNOWN', 3 as const] : ['CRITICAL', 2 as const];
    // What watches a plugin shows its standard output.
    if (flags.format === 'nagios') process.stdout.write(`DYNATS ${verdict} - ${failureLine(error)}\n`);
    throw new CliError(exitCode, failureLine(error), { cause: error });
  }
}
