// One replica process: `dynats node`, and what it reports of itself.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatDuration } from '../model/duration.js';
import type { NodeConfig } from '../wire/generated/types.js';
import { Child } from './child.js';
import { failed, messageOf } from './emulator-error.js';
import { isReplicaMessage, type ReplicaReport } from './replica-message.js';

/** How long a replica may say nothing while it starts. One that catches up says how far it is. */
const silenceLimitMs = 60_000;

const cli = fileURLToPath(new URL('../cli/main.js', import.meta.url));

export interface ReplicaSpec {
  config: NodeConfig;
  configFile: string;
  logFile: string;
  /** Command that runs it elsewhere, as `NodeHosts` has it. */
  within?: readonly string[] | undefined;
  /** The cluster is being made: a missing log is a new one. */
  isNewCluster: boolean;
  /** Called with each report while it starts and after. */
  onReport?: (report: ReplicaReport) => void;
}

export class ReplicaProcess {
  /** The last report. */
  report: ReplicaReport | undefined;
  private fatal: string | undefined;
  private onChange: () => void = () => undefined;

  private constructor(readonly child: Child) {}

  static start(spec: ReplicaSpec): ReplicaProcess {
    const title = `the replica of ${spec.config.node}`;
    try {
      mkdirSync(path.dirname(spec.configFile), { recursive: true, mode: 0o700 });
      writeFileSync(spec.configFile, `${JSON.stringify(spec.config, null, 2)}\n`, { mode: 0o600 });
    } catch (error) {
      throw failed(`${title} cannot start: ${messageOf(error)}`, error);
    }
    const replica: ReplicaProcess = new ReplicaProcess(
      Child.start({
        title,
        command: process.execPath,
        args: [cli, 'node', '--config', spec.configFile, ...(spec.isNewCluster ? ['--new-cluster'] : [])],
        within: spec.within,
        logFile: spec.logFile,
        onMessage: message => replica.heard(message, spec.onReport),
      }),
    );
    return replica;
  }

  /**
   * Resolves to its report once it serves or is recovering.
   *
   * @throws EmulatorError when it ends first or says nothing for long.
   */
  async started(): Promise<ReplicaReport> {
    for (;;) {
      const { report } = this;
      if (!this.child.running) throw failed(`${this.child.title} did not start: ${this.whyEnded()}`);
      if (report !== undefined && report.state !== 'catching-up') return report;
      if (!(await this.changed()))
        throw failed(
          `${this.child.title} has said nothing for ${formatDuration(silenceLimitMs)}; see its log`,
        );
    }
  }

  whyEnded(): string {
    return this.fatal ?? this.child.whyEnded();
  }

  private heard(message: unknown, onReport: ReplicaSpec['onReport']): void {
    if (!isReplicaMessage(message)) return;
    if (message.type === 'fatal') this.fatal = message.message;
    else {
      this.report = message;
      onReport?.(message);
    }
    this.onChange();
  }

  /** True after a report or the end of the process, false after long silence. */
  private async changed(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const changed = await Promise.race([
      new Promise<boolean>(resolve => {
        this.onChange = () => resolve(true);
      }),
      this.child.exited.then(() => true),
      new Promise<boolean>(resolve => {
        timer = setTimeout(() => resolve(false), silenceLimitMs);
      }),
    ]);
    clearTimeout(timer);
    return changed;
  }
}
