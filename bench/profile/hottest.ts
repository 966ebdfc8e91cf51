// The functions that took most time in CPU profiles, each by itself and without what it called.
//
//   node dist/bench/profile/hottest.js DIR [COUNT]
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

const [dir = '.', most = '25'] = process.argv.slice(2);
for (const file of readdirSync(dir).filter(name => name.endsWith('.cpuprofile')))
  show(file, JSON.parse(readFileSync(path.join(dir, file), 'utf8')) as Profile);

function show(file: string, { nodes, samples, timeDeltas }: Profile): void {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const where = url === '' ? '' : ` ${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
      return [id, `${functionName || '(anonymous)'}${where}`];
    }),
  );
  const micros = new Map<string, number>();
  samples.forEach((id, i) => {
    const name = names.get(id) ?? '?';
    micros.set(name, (micros.get(name) ?? 0) + (timeDeltas[i] ?? 0));
  });
  const idle = micros.get('(idle)') ?? 0;
  micros.delete('(idle)');
  const busy = [...micros.values()].reduce((sum, value) => sum + value, 0);
  console.log(`\n${file}: busy ${(busy / 1e6).toFixed(1)} s, idle ${(idle / 1e6).toFixed(1)} s`);
  for (const [name, value] of [...micros].sort((a, b) => b[1] - a[1]).slice(0, Number(most)))
    console.log(`${((100 * value) / busy).toFixed(1).padStart(6)} %  ${name}`);
}
