// A process that runs the batches of seeds it is sent, one after the other, until nobody listens any more.
import type { Report } from './jobs.js';
import { type Batch, runSeeds } from './run-seeds.js';

const tell = (report: Report) => void process.send?.(report);

process.on('message', (batch: Batch) => {
  runSeeds(batch, () => tell({ kind: 'run' })).then(
    result => tell({ kind: 'done', result }),
    error => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
