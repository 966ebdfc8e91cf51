// dynats check-history: judge a recorded history by what the store promises.

import type { Command } from 'commander';
import type { Verdict } from '../../check/check.js';
import type { Holding, Operation } from '../../check/history.js';
import { type Activity, during } from '../activity.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { parseCount } from '../numbers.js';
import { counted, note, print, printJson, visible } from '../output.js';

interface CheckHistoryFlags {
  json?: boolean;
  html?: string;
  rf: string;
  disksLost?: boolean;
  final?: string;
  show: string;
}

const ownersMax = 100;
const shownMax = 10_000;

export function register(program: Command): void {
  const command = program
    .command('check-history')
    .description('judge a recorded history by what the store promises; exit code 1 when a promise was broken')
    .argument('<file>', 'lines of JSON, one operation each, as "dynats chaos" records them; "-" is stdin')
    .option('--rf <n>', 'owners of each key', '3')
    .option('--disks-lost', "some owner's disk lost what it held: only what a quorum acknowledged must last")
    .option(
      '--final <client>',
      'the client whose reads came after everything else: what they miss is lost (default: none)',
    )
    .option('--show <n>', 'violations of each promise that are described', '3')
    .option(
      '--html <file>',
      'write the verdict with a timeline of each described violation to a page (default: none)',
    )
    .option('-j, --json', 'print the verdict as JSON')
    .action(checkHistory);
  explain(command, {
    examples: [
      ['dynats chaos --duration 30s --history seven.jsonl', 'record one'],
      'dynats check-history seven.jsonl --html verdict.html',
    ],
  });
}

async function checkHistory(file: string, flags: CheckHistoryFlags): Promise<void> {
  const replicationFactor = parseCount(flags.rf, '--rf', ownersMax);
  const describedMax = parseCount(flags.show, '--show', shownMax);
  const [{ check }, { verdictPage }, { HistoryError }, { writeFile }] = await Promise.all([
    import('../../check/check.js'),
    import('../../check/timeline.js'),
    import('../../check/history.js'),
    import('node:fs/promises'),
  ]);
  const { operations, holdings } = await during('reading', activity => read(file, activity));
  const of = file === '-' ? 'stdin' : file;
  let verdict: Verdict;
  try {
    verdict = check(operations, {
      replicationFactor,
      describedMax,
      holdings,
      disksLost: flags.disksLost === true,
      ...(flags.final === undefined ? {} : { finalClient: flags.final }),
    });
  } catch (error) {
    if (error instanceof HistoryError)
      throw new CliError(ExitCode.Usage, `${of} cannot be judged: ${error.message}`, { cause: error });
    throw error;
  }
  if (flags.html !== undefined) {
    await writeFile(flags.html, verdictPage(verdict, of));
    note(`wrote ${flags.html}`);
  }
  if (flags.json === true) printJson(verdict);
  else await printVerdict(verdict);
  if (!verdict.isKept) process.exitCode = ExitCode.Unexpected;
}

async function read(
  file: string,
  activity: Activity,
): Promise<{ operations: Operation[]; holdings: Holding[] }> {
  const [{ openInput }, { linesOf }, { parseEntry }, { HistoryError }] = await Promise.all([
    import('../transfer/run-import.js'),
    import('../lines.js'),
    import('../../check/lines.js'),
    import('../../check/history.js'),
  ]);
  const operations: Operation[] = [];
  const holdings: Holding[] = [];
  const refuse = (number: number, why: string): never => {
    throw new CliError(ExitCode.Usage, `line ${number} of ${file}: ${why}`);
  };
  for await (const line of linesOf(openInput(file).stream)) {
    if (!('text' in line)) return refuse(line.number, line.problem);
    if (line.text.trim() === '') continue;
    activity.at = `${counted(line.number, 'line')} read`;
    try {
      const entry = parseEntry(line.text);
      if (entry.kind === 'held') holdings.push(entry);
      else operations.push(entry);
    } catch (error) {
      if (error instanceof HistoryError) return refuse(line.number, error.message);
      throw error;
    }
  }
  return { operations, holdings };
}

async function printVerdict(verdict: Verdict): Promise<void> {
  const { rules } = await import('../../check/rules.js');
  const { ok, refused, unknown } = verdict.operations;
  print(
    `${counted(ok + refused + unknown, 'operation')} on ${counted(verdict.keys, 'key')}: ${ok} ok, ${refused} refused, ${unknown} of unknown outcome`,
  );
  print(
    `${counted(verdict.acked, 'acknowledged write')}, ${verdict.overtaken} of them older than what was there already`,
  );
  print(`${counted(verdict.ordered, 'operation')} at QUORUM put in one order`);
  for (const [rule, count] of Object.entries(verdict.counts)) {
    if (count === 0) continue;
    print(`broken ${counted(count, 'time')}: ${rules[rule as keyof typeof rules]}`);
    for (const { key, what } of verdict.violations.filter(violation => violation.rule === rule))
      print(`  key ${visible(key)}: ${visible(what)}`);
  }
  if (verdict.isKept) print('every promise was kept');
}
