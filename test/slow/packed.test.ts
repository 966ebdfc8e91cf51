// What `npm pack` makes: installed into an empty project it works there, types and all.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startEmulator, tempDir } from '../support/emulator.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

const program = `
import { connect, Level } from 'dynats';
import { Kvm } from 'dynats/kv';
import KeyvDynats from 'dynats/keyv';
import dynatsDriver from 'dynats/unstorage';
import { createRequire } from 'node:module';
import { connect as connectNats } from '@nats-io/transport-node';

const servers: string = process.argv[2] ?? '';
const client = await connect({ servers });
await client.put('137', 'packed', { level: Level.All });
const text: string | undefined = (await client.get('137'))?.string();
const connection = await connectNats({ servers });
const entry = await (await new Kvm(connection).open('default')).get('137');
await connection.close();
const schema = createRequire(import.meta.url)('dynats/schemas/put-request.json') as { $id: string };
const made: string[] = [typeof KeyvDynats, typeof dynatsDriver, schema.$id];
console.log(JSON.stringify([text, entry?.string(), ...made]));
await client.close();
`;

test('the package works in an empty project', async t => {
  const emulator = await startEmulator(t);
  const dir = await tempDir(t);
  const { stdout: packed } = await run(
    'npm',
    ['pack', '--ignore-scripts', '--json', '--pack-destination', dir],
    { cwd: root },
  );
  const [{ filename, files }] = JSON.parse(packed) as [{ filename: string; files: { path: string }[] }];
  for (const { path: file } of files)
    assert.match(
      file,
      /^(bin|dist\/(src|web)|schemas|docker|deploy)\/|^(README\.md|LICENSE|package\.json|nats\.conf|docker-compose\.yml)$/,
    );
  const project = path.join(dir, 'project');
  await mkdir(project);
  await writeFile(path.join(project, 'package.json'), JSON.stringify({ type: 'module', private: true }));
  // Without the scripts of packages: none is needed.
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', path.join(dir, filename)], {
    cwd: project,
  });
  await writeFile(path.join(project, 'program.ts'), program);
  const compiler = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = path.join(root, 'node_modules', '@types');
  const flags = '--strict --skipLibCheck --module nodenext --target es2022 --types node';
  await run(process.execPath, [compiler, ...flags.split(' '), '--typeRoots', types, 'program.ts'], {
    cwd: project,
  }).catch((error: { stdout?: string }) => assert.fail(error.stdout));
  const { stdout } = await run(process.execPath, ['program.js', emulator.urls.join(',')], { cwd: project });
  const [text, same, keyv, driver, id] = JSON.parse(stdout) as string[];
  assert.deepEqual([text, same, keyv, driver], ['packed', 'packed', 'function', 'function']);
  assert.match(id ?? '', /put-request/);
  const bin = path.join(project, 'node_modules', '.bin', 'dynats');
  const got = await run(bin, ['get', '137', '--server', emulator.urls.join(',')], { cwd: project });
  assert.equal(got.stdout.trim(), 'packed');
});
