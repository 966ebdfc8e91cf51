// Every example in every language, on one emulator, prints what it is committed with; a language that this machine cannot
// have is skipped. DYNATS_RECORD_EXAMPLES=1 commits to what they print now.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureBinary } from '../../src/emulator/binaries/ensure-binary.js';
import { startEmulator, tempDir } from '../support/emulator.js';
import {
  deadNode,
  exampleNames,
  examplesDir,
  expectedOf,
  record,
  root,
  stable,
  wantsDeadNode,
} from '../support/examples.js';
import { runProgram } from '../support/run-program.js';

const isRecording = process.env['DYNATS_RECORD_EXAMPLES'] === '1';
const obtainMs = 5 * 60_000;

/** How a client's examples are run. */
interface Toolchain {
  readonly title: string;
  readonly client: string;
  /** The program, its arguments and variables. */
  of(example: string): readonly [string, readonly string[], NodeJS.ProcessEnv];
}

/** Or why there is none here. */
type Found = Toolchain | { readonly title: string; readonly missing: string };

function typescript(mode: string): Toolchain {
  const program = (example: string) => path.join(root, 'dist/examples', example, 'typescript/main.js');
  return {
    title: `TypeScript, mode ${mode}`,
    client: 'typescript',
    of: example => [process.execPath, [program(example)], { DYNATS_MODE: mode }],
  };
}

async function cli(t: TestContext): Promise<Toolchain> {
  const dir = await tempDir(t);
  symlinkSync((await ensureBinary('nats')).path, path.join(dir, 'nats'));
  // No context of the user's.
  const env = { PATH: `${dir}:${process.env['PATH']}`, XDG_CONFIG_HOME: dir, NATS_CONTEXT: '' };
  const script = (example: string) => path.join(examplesDir, example, 'cli/main.sh');
  return { title: 'nats CLI', client: 'cli', of: example => ['bash', [script(example)], env] };
}

async function python(t: TestContext): Promise<Found> {
  const title = 'Python';
  const dir = await tempDir(t);
  const install = ['-m', 'pip', 'install', '--quiet', '--target', dir];
  try {
    const packages = ['-r', path.join(examplesDir, 'requirements.txt')];
    await runProgram(t, 'python3', [...install, ...packages], { timeoutMs: obtainMs });
  } catch (error) {
    return { title, missing: `python3 with nats-py cannot be had here: ${firstLine(error)}` };
  }
  const script = (example: string) => path.join(examplesDir, example, 'python/main.py');
  const env = { PYTHONPATH: dir, PYTHONDONTWRITEBYTECODE: '1' };
  return { title, client: 'python', of: example => ['python3', [script(example)], env] };
}

async function go(t: TestContext): Promise<Found> {
  const title = 'Go';
  const dir = await tempDir(t);
  try {
    await runProgram(t, 'go', ['mod', 'download'], { cwd: examplesDir, timeoutMs: obtainMs });
  } catch (error) {
    return { title, missing: `go with nats.go cannot be had here: ${firstLine(error)}` };
  }
  await runProgram(t, 'go', ['vet', './...'], { cwd: examplesDir, timeoutMs: obtainMs });
  const program = (example: string) => path.join(dir, example, 'main');
  for (const example of exampleNames()) {
    mkdirSync(path.join(dir, example));
    const build = ['build', '-o', program(example), `./${example}/go`];
    await runProgram(t, 'go', build, { cwd: examplesDir, timeoutMs: obtainMs });
  }
  return { title, client: 'go', of: example => [program(example), [], {}] };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

test('every example prints what it is said to print', async t => {
  const toolchains = [typescript('api'), typescript('direct'), await cli(t), await python(t), await go(t)];
  const emulator = await startEmulator(t);
  const NATS_URL = emulator.urls.join(',');
  const run = async (toolchain: Toolchain, example: string) => {
    const [program, args, env] = toolchain.of(example);
    const output = await runProgram(t, program, args, { env: { ...env, NATS_URL } });
    if (isRecording) record(example, toolchain.client, output);
    assert.equal(stable(output), expectedOf(example, toolchain.client), example);
  };
  const withAll = exampleNames().filter(name => name !== wantsDeadNode);
  for (const toolchain of toolchains)
    await t.test(toolchain.title, async t => {
      if ('missing' in toolchain) return t.skip(toolchain.missing);
      for (const example of withAll) await run(toolchain, example);
    });
  await emulator.kill(deadNode);
  for (const toolchain of toolchains)
    await t.test(`${toolchain.title}, with ${deadNode} dead`, async t => {
      if ('missing' in toolchain) return t.skip(toolchain.missing);
      await run(toolchain, wantsDeadNode);
    });
});
