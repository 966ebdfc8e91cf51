// `npm run setup`: builds what is out of date, then makes sure of the broker; with --tests of the `nats` CLI as well.
import './build.mjs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Makes sure of the binaries and resolves to what was found, by name. Ends the process with one clear line on failure. */
export async function setup(names) {
  const { ensureBinary } = await import('../dist/src/emulator/binaries/ensure-binary.js');
  const found = {};
  try {
    for (const name of names)
      found[name] = await ensureBinary(name, { onProgress: line => process.stderr.write(`${line}\n`) });
  } catch (error) {
    if (error.name !== 'BrokerBinaryError') throw error;
    process.stderr.write(`dynats: ${error.message}\n`);
    process.exit(1);
  }
  return found;
}

if (path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const names = process.argv.includes('--tests') ? ['nats-server', 'nats'] : ['nats-server'];
  for (const [name, { version, path }] of Object.entries(await setup(names)))
    process.stderr.write(`${name} ${version}: ${path}\n`);
}
