// Remedies as they fit the cluster that is asked: an emulator of this machine is given orders, another cluster is not.
import { type ConnectionFlags, namesServers } from './connection.js';
import { resolveDataDir } from './data-dir.js';
import { inShell, type Remedies } from './remedies.js';

export async function remediesFor(flags: ConnectionFlags): Promise<Remedies> {
  if (namesServers(flags)) return { ...inShell, restart: () => 'where it runs' };
  const paused = await pausedNodes(resolveDataDir(flags.data));
  return {
    ...inShell,
    restart: node => (paused.includes(node) ? `dynats resume ${node}` : inShell.restart(node)),
  };
}

/** A paused node looks to the others as if it were down, and starting it again is not what it needs. */
async function pausedNodes(dataDir: string): Promise<string[]> {
  const { control } = await import('../emulator/control-client.js');
  const report = await control(dataDir, 'status', {}).catch(() => undefined);
  return Object.entries(report?.nodes ?? {})
    .filter(([, { bus, log, replica }]) => [bus, log, replica].some(({ state }) => state === 'paused'))
    .map(([node]) => node);
}
