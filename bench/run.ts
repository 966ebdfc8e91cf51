// `npm run bench`: runs the parts, prints what they found, and writes it where it was asked to.
import { undoAll, undoOnSignals } from './clean-up.js';
import { describeMachine } from './machine.js';
import { help, parseOptions } from './options.js';
import { measureThroughput } from './parts/throughput.js';
import { measurementLine } from './report/lines.js';

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') return console.log(help);
  undoOnSignals();
  try {
    const machine = await describeMachine();
    console.log(
      Object.entries(machine)
        .map(([name, value]) => `${name} ${value}`)
        .join(' · '),
    );
    await measureThroughput(options, measurement => console.log(measurementLine(measurement)));
  } finally {
    await undoAll();
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
