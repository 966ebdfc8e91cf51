// Loaded before a replica process by `npm run bench -- --profile DIR`: leaves a CPU profile of its life in DIR. (Node takes
// --cpu-prof on a command line only, and a replica's is the emulator's.)
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import path from 'node:path';

export const profileDirVariable = 'DYNATS_BENCH_PROFILE_DIR';

const dir = process.env[profileDirVariable];
if (dir !== undefined && process.argv[2] === 'node') {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.start');
  process.once('exit', () => {
    session.post('Profiler.stop', (error, result) => {
      if (error === null)
        writeFileSync(path.join(dir, `replica-${process.pid}.cpuprofile`), JSON.stringify(result.profile));
    });
  });
}
