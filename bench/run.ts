// `npm run bench`: runs the parts, prints what they found, and writes it where it was asked to.
import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { undoAll, undoOnSignals } from './clean-up.js';
import type { Finding } from './finding.js';
import { describeMachine } from './machine.js';
import type { Measurement } from './measurement.js';
import { help, type Options, type PartName, parseOptions } from './options.js';
import { measureCli } from './parts/cli.js';
import { measureCost } from './parts/cost.js';
import { measureFailover } from './parts/failover.js';
import { measureGrowth } from './parts/growth.js';
import { measureImport } from './parts/import.js';
import { measureLimits } from './parts/limits.js';
import { measureMemory } from './parts/memory.js';
import { measureReplay } from './parts/replay.js';
import { measureThroughput } from './parts/throughput.js';
import { profileDirVariable } from './profile/preload.js';
import { chart } from './report/chart.js';
import { slips } from './report/floors.js';
import { judge, type Verdict } from './report/targets.js';
import * as text from './report/text.js';

const parts: Readonly<Record<Exclude<PartName, 'throughput'>, (options: Options) => Promise<Finding[]>>> = {
  cost: measureCost,
  limits: measureLimits,
  failover: measureFailover,
  replay: measureReplay,
  memory: measureMemory,
  growth: measureGrowth,
  import: measureImport,
  cli: measureCli,
};

interface Run {
  machine: Awaited<ReturnType<typeof describeMachine>>;
  settings: Pick<Options, 'rounds' | 'measureMs' | 'warmupMs' | 'records'>;
  measurements: Measurement[];
  findings: Finding[];
  verdicts: Verdict[];
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') return console.log(help);
  undoOnSignals();
  const { rounds, measureMs, warmupMs, records } = options;
  const run: Run = {
    machine: await describeMachine(),
    settings: { rounds, measureMs, warmupMs, records },
    measurements: [],
    findings: [],
    verdicts: [],
  };
  console.log(text.machineText(run.machine));
  if (options.profileDir !== undefined) profileReplicas(options.profileDir);
  try {
    await runParts(options, run);
  } finally {
    await undoAll();
  }
  run.verdicts = judge(run);
  if (run.verdicts.length > 0) console.log('\nTargets');
  for (const verdict of run.verdicts) console.log(text.verdictLine(verdict));
  await write(options, run);
  const wrong = run.measurements.reduce((sum, measurement) => sum + measurement.wrong, 0);
  if (wrong > 0) throw new Error(`${wrong} answers were wrong`);
  if (options.isCheck) check(run.verdicts);
}

function check(verdicts: readonly Verdict[]): void {
  const slipped = slips(verdicts);
  for (const { verdict, allowed } of slipped)
    console.log(
      `slower than it was: ${verdict.text} is ${verdict.value.toFixed(2)}x, and ${allowed} would pass`,
    );
  if (slipped.length > 0) process.exitCode = 1;
}

/** For every process of Node started from here on; it asks itself whether it is a replica. */
function profileReplicas(dir: string): void {
  mkdirSync(dir, { recursive: true });
  process.env[profileDirVariable] = path.resolve(dir);
  process.env['NODE_OPTIONS'] = `--import ${new URL('./profile/preload.js', import.meta.url).href}`;
}

async function runParts(options: Options, run: Run): Promise<void> {
  for (const part of options.parts) {
    console.log(`\n${part}`);
    if (part === 'throughput')
      run.measurements = await measureThroughput(options, measurement =>
        console.log(text.measurementLine(measurement)),
      );
    else
      for (const finding of await parts[part](options)) {
        run.findings.push(finding);
        console.log(text.findingLine(finding));
      }
  }
}

async function write({ json, svg, markdown }: Options, run: Run): Promise<void> {
  if (json !== undefined) await writeFile(json, `${JSON.stringify(run, undefined, 1)}\n`);
  const picture = chart(run.measurements);
  if (svg !== undefined && picture !== undefined) await writeFile(svg, picture);
  if (markdown === undefined) return;
  const { rounds, measureMs } = run.settings;
  const sections = [
    `${text.machineText(run.machine)}; ${rounds} rounds of ${measureMs / 1000} s.`,
    ...(run.verdicts.length > 0 ? [text.verdictTable(run.verdicts)] : []),
    ...(run.measurements.length > 0 ? [text.measurementTable(run.measurements)] : []),
    ...(run.findings.length > 0 ? [text.findingTable(run.findings)] : []),
  ];
  await writeFile(markdown, `${sections.join('\n\n')}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
