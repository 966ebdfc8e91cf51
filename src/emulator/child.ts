// A process that this one started: its log file, its end, and the signals it gets. Never any other process.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { failed, messageOf } from './emulator-error.js';
import { lastWords, sizeOf } from './last-words.js';

export interface ChildSpec {
  /** For messages: `the log broker of n1`. */
  title: string;
  command: string;
  args: readonly string[];
  /** Command and arguments to put before `command`, which then becomes it; default none. */
  within?: readonly string[] | undefined;
  /** Receives stdout and stderr, appended. */
  logFile: string;
  /** Opens a message channel; the child sees it close when this process ends in whatever way. */
  onMessage?: (message: unknown) => void;
}

export class Child {
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;
  /** Whether its end was asked for. */
  ending = false;
  private stopped = false;
  private spawnError: Error | undefined;

  private constructor(
    readonly title: string,
    private readonly process: ChildProcess,
    private readonly logFile: string,
    private readonly logStart: number,
  ) {
    this.exited = new Promise(resolve => {
      process.once('exit', () => resolve());
      process.on('error', error => {
        // Also emitted when a signal or a message could not be sent: to a process that has just ended.
        if (process.pid !== undefined) return;
        this.spawnError = error;
        resolve();
      });
    });
  }

  /** Starts the process in a session of its own, so that Ctrl-C in the terminal reaches this process only. */
  static start(spec: ChildSpec): Child {
    let log: number;
    try {
      log = openSync(spec.logFile, 'a', 0o600);
    } catch (error) {
      throw failed(`${spec.title} cannot start: ${messageOf(error)}`, error);
    }
    try {
      const logStart = sizeOf(spec.logFile);
      const channel = spec.onMessage === undefined ? [] : (['ipc'] as const);
      const [command = spec.command, ...args] = [...(spec.within ?? []), spec.command, ...spec.args];
      const process = spawn(command, args, {
        detached: true,
        stdio: ['ignore', log, log, ...channel],
      });
      if (spec.onMessage !== undefined) process.on('message', spec.onMessage);
      return new Child(spec.title, process, spec.logFile, logStart);
    } finally {
      closeSync(log);
    }
  }

  /** Undefined when the process could not be started at all. */
  get pid(): number | undefined {
    return this.process.pid;
  }

  get running(): boolean {
    return this.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  get paused(): boolean {
    return this.running && this.stopped;
  }

  pause(): void {
    if (this.running) this.stopped = this.process.kill('SIGSTOP');
  }

  resume(): void {
    if (this.running && this.process.kill('SIGCONT')) this.stopped = false;
  }

  /** SIGKILL, and the end of the process. */
  async kill(): Promise<void> {
    this.killNow();
    await this.exited;
  }

  killNow(): void {
    this.ending = true;
    if (this.running) this.process.kill('SIGKILL');
  }

  /** Asks the process to stop, and kills it when it has not within `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.ending = true;
    if (!this.running) return;
    this.process.kill('SIGTERM');
    this.resume();
    const timer = setTimeout(() => this.killNow(), graceMs);
    await this.exited;
    clearTimeout(timer);
  }

  /** Why the process ended, in one line, with its last words. */
  whyEnded(): string {
    if (this.spawnError !== undefined) return this.spawnError.message;
    const { exitCode, signalCode } = this.process;
    const words = lastWords(this.logFile, this.logStart);
    const how = signalCode === null ? `exit code ${exitCode ?? 'unknown'}` : `killed by ${signalCode}`;
    return words === undefined ? how : `${how}: ${words}`;
  }
}
