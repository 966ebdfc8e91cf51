// dynats completion: the script that has a shell complete commands, flags, levels, nodes, buckets and keys.
import { Argument, type Command } from 'commander';
import { type Shell, scripts, shells } from '../completion/scripts.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';

function shellNamed(text: string): Shell {
  const found = shells.find(shell => shell === text);
  if (found !== undefined) return found;
  throw new CliError(
    ExitCode.Usage,
    `there is no completion for ${text}: there is one for ${shells.join(', ')}`,
  );
}

export function register(program: Command): void {
  const command = program
    .command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells).argParser(shellNamed))
    .action((shell: Shell) => {
      process.stdout.write(scripts[shell]);
    });
  explain(command, {
    notes:
      'The script asks dynats itself at every Tab, so it never has to be renewed. Names of nodes, buckets and keys come from the cluster that the line means, or from the files of the emulator; after half a second without an answer there are none.',
    examples: [
      ['source <(dynats completion bash)', 'bash: now; in ~/.bashrc for ever'],
      ['dynats completion zsh > ~/.zfunc/_dynats', 'zsh: in a directory of $fpath'],
      'dynats completion fish > ~/.config/fish/completions/dynats.fish',
    ],
  });
}
