// `dynats up --detach`: leaves a supervisor in the background and returns when it is ready.
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { refuseForeignDir } from '../../emulator/foreign-dir.js';
import { layoutOf } from '../../emulator/layout.js';
import { resolveDataDir } from '../data-dir.js';
import { CliError, ExitCode } from '../exit.js';
import { note, print } from '../output.js';
import { isQuiet } from '../quiet.js';
import { withExitCodes } from './emulator-command.js';
import type { UpFlags } from './up.js';

/** What the supervisor tells the command that started it. */
export type SupervisorMessage =
  | { type: 'progress' | 'ready'; line: string }
  | { type: 'failed'; line: string; exitCode: ExitCode };

export async function upDetached(flags: UpFlags): Promise<void> {
  const dataDir = resolveDataDir(flags.data);
  const layout = layoutOf(dataDir);
  const { supervisorLog } = layout;
  await withExitCodes(async () => refuseForeignDir(layout));
  const log = openLog(dataDir, supervisorLog);
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const supervisor = spawn(
    process.execPath,
    [main, 'up', '--supervised', ...passedOn(flags), '--data', dataDir],
    {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
    },
  );
  closeSync(log);
  await new Promise<void>((resolve, reject) => {
    supervisor.on('message', (message: SupervisorMessage) => {
      if (message.type === 'progress') note(message.line);
      else if (message.type === 'failed') reject(new CliError(message.exitCode, message.line));
      else {
        if (!isQuiet()) print(message.line);
        const which = flags.data === undefined ? '' : ` --data ${flags.data}`;
        note(
          `It goes on in the background, pid ${supervisor.pid}: dynats status${which}, dynats down${which}. Log: ${supervisorLog}`,
        );
        resolve();
      }
    });
    supervisor.once('error', reject);
    supervisor.once('exit', code =>
      reject(
        new CliError(
          ExitCode.Unexpected,
          `the emulator ended with exit code ${code ?? 'none'}; see ${supervisorLog}`,
        ),
      ),
    );
  });
  supervisor.unref();
  if (supervisor.connected) supervisor.disconnect();
}

function openLog(dataDir: string, file: string): number {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return openSync(file, 'a', 0o600);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(ExitCode.Unexpected, `cannot use the data directory ${dataDir}: ${why}`, { cause });
  }
}

function passedOn(flags: UpFlags): string[] {
  const { nodes, rf, partitioner, zones, port, broker, sync, listen } = flags;
  const { secure, links, dashboard, dashboardPort, metricsPort } = flags;
  const withValue = { nodes, rf, partitioner, zones, port, broker, sync, listen };
  return [
    ...Object.entries(withValue).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    ),
    ...(secure === undefined ? [] : [secure ? '--secure' : '--no-secure']),
    ...(links === undefined ? [] : [links ? '--links' : '--no-links']),
    ...(dashboard === false ? ['--no-dashboard'] : []),
    ...(dashboardPort === undefined ? [] : ['--dashboard-port', dashboardPort]),
    ...(metricsPort === undefined
      ? []
      : metricsPort === false
        ? ['--no-metrics-port']
        : ['--metrics-port', metricsPort]),
  ];
}
