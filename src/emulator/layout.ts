// Where everything lies in a data directory.
import { createHash } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';

/** A unix socket's path is limited to 104 bytes on macOS and 108 on Linux, its end included. */
const socketPathBytesMax = 100;

export interface NodeFiles {
  dir: string;
  busConfig: string;
  logConfig: string;
  replicaConfig: string;
  busLog: string;
  logLog: string;
  replicaLog: string;
  /** The JetStream store. */
  store: string;
}

export interface Layout {
  dataDir: string;
  stateFile: string;
  supervisorLog: string;
  controlSocket: string;
  /** Keys, passwords and certificates of a secured emulator. */
  secretsDir: string;
  node(name: string): NodeFiles;
}

/** With `--broker single` the one server's files, in place of a node's. */
export const sharedBrokerName = 'broker';

/** @param storeOf directory of a node's JetStream store; default below its own. */
export function layoutOf(dataDir: string, storeOf?: (node: string) => string): Layout {
  const root = path.resolve(dataDir);
  return {
    dataDir: root,
    stateFile: path.join(root, 'emulator.json'),
    supervisorLog: path.join(root, 'supervisor.log'),
    controlSocket: socketPath(root),
    secretsDir: path.join(root, 'secrets'),
    node: name => {
      const files = filesOf(path.join(root, name));
      return storeOf === undefined ? files : { ...files, store: storeOf(name) };
    },
  };
}

function filesOf(dir: string): NodeFiles {
  return {
    dir,
    busConfig: path.join(dir, 'bus.conf'),
    logConfig: path.join(dir, 'log.conf'),
    replicaConfig: path.join(dir, 'node.json'),
    busLog: path.join(dir, 'bus.log'),
    logLog: path.join(dir, 'log.log'),
    replicaLog: path.join(dir, 'replica.log'),
    store: path.join(dir, 'jetstream'),
  };
}

function socketPath(root: string): string {
  const inside = path.join(root, 'control.sock');
  if (Buffer.byteLength(inside) <= socketPathBytesMax) return inside;
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return path.join(os.tmpdir(), `dynats-${os.userInfo().uid}-${hash}`, 'control.sock');
}
