// The commands themselves, without running any: for tests that hold all of them, whichever there are, to the same manners.
import type { Command } from 'commander';

interface Main {
  build: (args: readonly string[]) => Promise<Command>;
}

/** A fresh tree of every command. */
export async function commandTree(): Promise<Command> {
  const url = new URL('../../src/cli/main.js?tree', import.meta.url);
  const main = (await import(url.href)) as Main;
  return main.build([]);
}

/** Every command that does something of its own. */
export function* actionsOf(command: Command): Generator<Command> {
  for (const each of command.commands) {
    if (each.name() === 'help') continue;
    yield each;
    yield* actionsOf(each);
  }
}

export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/**
 * The arguments of every `dynats` in a line of a shell: `zcat f | dynats import - && dynats ls` has two. Knows quotes,
 * pipes, lists, redirections, variables before the command and `<(...)`, and no more of the shell's grammar.
 */
export function callsIn(line: string): string[][] {
  const calls: string[][] = [];
  let words: string[] = [];
  const end = () => {
    const at = words.findIndex(word => !/^[A-Z_]+=/.test(word));
    if (words[at] === 'dynats') calls.push(words.slice(at + 1));
    words = [];
  };
  const inner = line.replace(/^source <\((.*)\)$/, '$1');
  for (const [token] of inner.matchAll(/"[^"]*"|'[^']*'|[^\s"']+/g)) {
    if (['|', '&&', ';', '>', '<'].includes(token)) {
      end();
      // What follows a redirection is no command.
      if (token === '>' || token === '<') words.push('file');
    } else words.push(token.replace(/^(["'])(.*)\1$/, '$2'));
  }
  end();
  return calls;
}

/** What `program` makes of the arguments: the path of the command that would run. @throws the usage error. */
export async function commandOf(program: Command, args: readonly string[]): Promise<string> {
  const ran: string[] = [];
  const quiet = { writeOut: () => {}, writeErr: () => {}, outputError: () => {} };
  for (const each of [program, ...actionsOf(program)]) {
    each.exitOverride().configureOutput(quiet);
    if (each.commands.length === 0 || takesAction(each)) each.action(() => void ran.push(pathOf(each)));
  }
  await program.parseAsync([...args], { from: 'user' });
  return ran.join();
}

/** `dynats hints` lists, and has subcommands besides. */
export function takesAction(command: Command): boolean {
  return command.commands.length === 0 || command.options.length > 0;
}
