// Emulators for tests: a directory and ports of their own, stopped and deleted when the test ends.
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { after, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Emulator } from '../../src/emulator/emulator.js';
import { freePorts } from '../../src/emulator/free-ports.js';
import type { EmulatorOptions, ReplicaSettings } from '../../src/emulator/options.js';
import { parts } from '../../src/emulator/part.js';
import { commandLineOf, isAlive } from '../../src/emulator/process-table.js';

export const cliPath = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** A file that runs out of time is ended by the runner before its tests can clean up. */
const running = new Set<Emulator>();
process.once('SIGTERM', () => process.exit(143));
process.once('exit', () => {
  for (const emulator of running)
    for (const report of Object.values(emulator.report().nodes))
      for (const part of parts) killNow(report[part].pid);
});

function killNow(pid: number | null): void {
  try {
    if (pid !== null) process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

type CleanUp = () => unknown;
/** What is cleaned up at its end: a test, or a whole file. */
export type Scope = Pick<TestContext, 'after'>;

const cleanUps = new WeakMap<Scope, CleanUp[]>();

/** For what the tests of a file share; ends with the last of them. To be called outside of any test. */
export function wholeFile(): Scope {
  const steps: CleanUp[] = [];
  const scope: Scope = { after: () => assert.fail('steps are given to cleanUp') };
  cleanUps.set(scope, steps);
  after(async () => {
    for (const each of steps.toReversed()) await each();
  });
  return scope;
}

/** Runs `step` after the test, the latest step first (node:test runs its hooks in the other order). */
export function cleanUp(t: Scope, step: CleanUp): void {
  const known = cleanUps.get(t);
  if (known !== undefined) return void known.push(step);
  const steps = [step];
  cleanUps.set(t, steps);
  t.after(async () => {
    for (const each of steps.toReversed()) await each();
  });
}

/** An empty directory that is deleted after the test. */
export async function tempDir(t: Scope): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'dynats-test-'));
  cleanUp(t, () => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Options for an emulator of its own: a new directory and free ports, unless `options` say otherwise. */
export async function emulatorOptions(
  t: Scope,
  options: Partial<EmulatorOptions> = {},
): Promise<EmulatorOptions> {
  const nodes = options.nodes ?? 4;
  return {
    ...options,
    dataDir: options.dataDir ?? (await tempDir(t)),
    port: options.port ?? (await freePorts((options.websockets === undefined ? 4 : 5) * nodes)),
  };
}

/** For tests of what reads and hints do by themselves: nothing else brings owners together. */
export const withoutAntiEntropy: ReplicaSettings = { antiEntropy: { enabled: false } };

/** A running emulator; stopped and deleted after the test. Four nodes and lazy sync unless `options` say otherwise. */
export async function startEmulator(t: Scope, options: Partial<EmulatorOptions> = {}): Promise<Emulator> {
  const emulator = await Emulator.start(await emulatorOptions(t, { sync: 'lazy', ...options }));
  running.add(emulator);
  cleanUp(t, async () => {
    await emulator.stop();
    running.delete(emulator);
  });
  return emulator;
}

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the `dynats` command to its end. */
export function dynats(...args: string[]): Promise<Finished> {
  return launch(args).finished;
}

/** As `dynats`, with variables of its own. */
export function dynatsWith(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Finished> {
  return launch(args, env).finished;
}

export interface Started {
  pid: number;
  finished: Promise<Finished>;
  /** Resolves when `text` has been printed on either stream; rejects when the command ends without. */
  printed(text: string): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts the `dynats` command; killed after the test if it still runs. */
export function startDynats(t: TestContext, ...args: string[]): Started {
  const started = launch(args);
  cleanUp(t, () => started.kill('SIGKILL'));
  return started;
}

/** As `startDynats`, with variables of its own. */
export function startDynatsWith(t: TestContext, env: NodeJS.ProcessEnv, ...args: string[]): Started {
  const started = launch(args, env);
  cleanUp(t, () => started.kill('SIGKILL'));
  return started;
}

/** `npm start` in this checkout, with `stdin` piped in and closed; killed after the test if it still runs. */
export function startNpmStart(t: TestContext, stdin: string, ...args: string[]): Started {
  const root = path.resolve(path.dirname(cliPath), '../../..');
  const child = spawn('npm', ['start', '--', ...args], { cwd: root, env: quietEnv });
  child.stdin.end(stdin);
  const started = follow(child);
  cleanUp(t, () => started.kill('SIGKILL'));
  return started;
}

const quietEnv = { ...process.env, NO_COLOR: '1', NATS_URL: '', NATS_CONTEXT: '' };

function launch(args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
  return follow(
    spawn(process.execPath, [cliPath, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...quietEnv, ...env },
    }),
  );
}

function follow(child: ChildProcessByStdio<Writable | null, Readable, Readable>): Started {
  let stdout = '';
  let stderr = '';
  let onOutput = () => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    onOutput();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    onOutput();
  });
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve({ code, stdout, stderr }));
  });
  return {
    pid: child.pid ?? 0,
    finished,
    printed: text =>
      new Promise((resolve, reject) => {
        onOutput = () => {
          if (`${stdout}${stderr}`.includes(text)) resolve();
        };
        onOutput();
        void finished.then(({ code }) =>
          reject(new Error(`ended with ${code} before it printed ${text}: ${stderr}`)),
        );
      }),
    kill: signal => void child.kill(signal),
  };
}

/** Pids of the live processes whose command line names the directory: brokers and replicas of an emulator on it. */
export async function processesOn(dataDir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(pid => pid > 0 && pid !== process.pid);
  return pids.filter(pid => commandLineOf(pid)?.includes(`${dataDir}${path.sep}`) === true && isAlive(pid));
}
