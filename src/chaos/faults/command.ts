// The user's own fault: a command that begins and heals it, for clusters that are not under control from here.
import { type Fault, given } from './fault.js';

export const command: Fault = {
  name: 'command',
  about: 'what the command given by --fault-command does: it is run with "begin", later with "heal"',
  whyNot: cluster => (cluster.command === undefined ? 'no --fault-command was given' : undefined),
  draw: () => ({ nodes: [] }),
  begin: cluster => given(cluster.command)('begin'),
  heal: cluster => given(cluster.command)('heal'),
};
