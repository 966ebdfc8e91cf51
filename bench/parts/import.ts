// How fast `dynats import` stores the cities of the world.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cityRecords } from '../../test/support/cities.js';
import { dynats } from '../../test/support/emulator.js';
import { tempDir } from '../clean-up.js';
import { startDynats } from '../clusters/dynats.js';
import type { Finding } from '../finding.js';

export async function measureImport(): Promise<Finding[]> {
  const cluster = await startDynats({ sync: 'always' });
  const file = path.join(await tempDir(), 'cities.ndjson');
  const lines = Array.from(cityRecords(), ([key, value]) => JSON.stringify({ key, value }));
  await writeFile(file, `${lines.join('\n')}\n`);
  const { code, stderr } = await dynats('import', file, '--server', cluster.urls.join(','));
  await cluster.stop();
  const rate = /imported .*\((\d+)\/s\)/.exec(stderr)?.[1];
  if (code !== 0 || rate === undefined) throw new Error(`dynats import failed: ${stderr}`);
  return [{ id: 'import', text: `import of ${lines.length} cities`, value: Number(rate), unit: '/s' }];
}
