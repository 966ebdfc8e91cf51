// Which user of this machine is at the other end of a loopback connection, as far as Linux says. Every user can open a port of
// the loopback, and this server gives its page what its own user may: faults, and credentials for the brokers.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import os from 'node:os';

type Ends = Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>;

/** The user id at the other end; undefined when it cannot be told. */
export function peerUid(ends: Ends, read: (file: string) => string = textOf): number | undefined {
  const own = placeOf(ends.localAddress, ends.localPort);
  const other = placeOf(ends.remoteAddress, ends.remotePort);
  if (own === undefined || other === undefined) return undefined;
  try {
    const lines = read(own.length > 13 ? '/proc/net/tcp6' : '/proc/net/tcp').split('\n');
    // Number, its end, our end, state, three columns of queues and timers, user.
    const cells = lines.map(line => line.trim().split(/\s+/)).find(row => row[1] === other && row[2] === own);
    const uid = Number(cells?.[7] ?? Number.NaN);
    return Number.isSafeInteger(uid) ? uid : undefined;
  } catch {
    return undefined; // No Linux.
  }
}

/** Whether somebody else than this process' user, root or who became root by sudo is there. */
export function isStranger(uid: number | undefined, env: NodeJS.ProcessEnv = process.env): boolean {
  const own = process.getuid?.();
  if (uid === undefined || own === undefined || uid === own || uid === 0) return false;
  return !(own === 0 && env['SUDO_UID'] === String(uid));
}

/** As /proc/net/tcp has it: the address in the machine's order of bytes. */
function placeOf(address: string | undefined, port: number | undefined): string | undefined {
  if (address === undefined || port === undefined) return undefined;
  const inOrder = (bytes: number[]) => (os.endianness() === 'LE' ? bytes.toReversed() : bytes);
  const hex = (bytes: number[]) => bytes.map(byte => byte.toString(16).padStart(2, '0')).join('');
  const words =
    address === '::1'
      ? `${'0'.repeat(24)}${hex(inOrder([0, 0, 0, 1]))}`
      : /^[\d.]+$/.test(address)
        ? hex(inOrder(address.split('.').map(Number)))
        : undefined;
  return words === undefined ? undefined : `${words}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function textOf(file: string): string {
  return readFileSync(file, 'utf8');
}
