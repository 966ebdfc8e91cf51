// How a remedy is said: in a shell as commands and flags, in the console as its own statements.
import type { Level } from '../model/level.js';

export interface Remedies {
  readonly status: string;
  restart(node: string): string;
  /** A level to try. */
  level(level: Level): string;
  readonly lowerLevel: string;
  readonly longerTimeout: string;
  readonly servers: string;
  /** A command that only the shell has. */
  shellOnly(command: string): string;
}

export const inShell: Remedies = {
  status: 'dynats status',
  restart: node => `dynats restart ${node}`,
  level: level => `--level ${level.toLowerCase()}`,
  lowerLevel: 'a lower --level',
  longerTimeout: 'a longer --timeout',
  servers: 'name the servers with --server',
  shellOnly: command => command,
};

export const inConsole: Remedies = {
  status: 'status',
  restart: node => `restart ${node}`,
  level: level => `CONSISTENCY ${level}`,
  lowerLevel: 'a lower CONSISTENCY',
  longerTimeout: 'a longer --timeout of the console',
  servers: 'start the console with --server',
  shellOnly: command => `in a shell: ${command}`,
};
