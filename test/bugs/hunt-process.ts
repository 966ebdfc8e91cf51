// A process that runs seeds of one scenario until one fails, and prints what came of it as JSON.
import { runSeeds } from '../sim/run-seeds.js';

const [, , scenario = '', seeds = ''] = process.argv;
const { runs, failures } = await runSeeds({ scenario, first: 1, seeds: Number(seeds) });
const rules = new Set(failures.flatMap(({ violations }) => violations.map(({ rule }) => rule)));
process.stdout.write(JSON.stringify({ runs, rules: [...rules] }));
