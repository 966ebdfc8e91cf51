// What is offered at Tab: by the completer itself, and through the real shells where there are any.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { complete } from '../../src/cli/completion/complete.js';
import { type Shell, scripts } from '../../src/cli/completion/scripts.js';
import { cliPath, tempDir } from '../support/emulator.js';
import { commandTree } from './command-tree.js';

async function offered(...words: string[]): Promise<string[]> {
  const { candidates } = await complete(await commandTree(), words);
  return candidates.map(({ value }) => value);
}

const levels = ['one', 'two', 'three', 'quorum', 'local_quorum', 'each_quorum', 'all'];

test('verbs, subcommands, flags and their values are offered by what has been typed', async () => {
  const table: [string[], string[]][] = [
    [['pu'], ['put']],
    [['bucket', 'c'], ['create']],
    [['buc'], ['bucket']],
    [['get', '--lev'], ['--level']],
    [['get', '-l', ''], levels],
    [['get', '--level=q'], ['--level=quorum']],
    [['put', 'k', 'v', '-l', 'an'], ['any']],
    [
      ['bench', '--op', ''],
      ['put', 'get', 'mixed'],
    ],
    [['-s', 'nats://x', 'bench', '--mode', 'd'], ['direct']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [
      ['man', 'chec'],
      ['check', 'check-history'],
    ],
    [['get', '--no-such', 'x', '--lev'], ['--level']],
    [['put', '--', '--lev'], []],
    [['nonsense', ''], []],
  ];
  for (const [words, expected] of table) assert.deepEqual(await offered(...words), expected, words.join(' '));
});

test('a flag that was given is not offered again, nor one that help hides', async () => {
  assert.ok(!(await offered('get', '--level', 'one', '--')).includes('--level'));
  assert.ok((await offered('up', '--')).includes('--detach'));
  assert.ok(!(await offered('up', '--')).includes('--supervised'));
});

test('every verb of the help is offered', async () => {
  const program = await commandTree();
  const verbs = program.createHelp().visibleCommands(program);
  assert.deepEqual((await offered('')).toSorted(), verbs.map(each => each.name()).toSorted());
});

test('file names are left to the shell', async () => {
  assert.equal((await complete(await commandTree(), ['import', ''])).paths, ':files');
  assert.equal((await complete(await commandTree(), ['get', '--creds', ''])).paths, ':files');
  assert.equal((await complete(await commandTree(), ['up', '--data', ''])).paths, ':dirs');
  assert.equal((await complete(await commandTree(), ['get', '--level', ''])).paths, ':none');
});

test("a stopped emulator's nodes are known from its file", async t => {
  const data = await tempDir(t);
  writeFileSync(path.join(data, 'emulator.json'), '{"cluster":{"nodes":["east","west"]}}');
  assert.deepEqual(await offered('kill', '--data', data, ''), ['east', 'west']);
  assert.deepEqual(await offered('get', 'k', '--data', data, '--via', 'w'), ['west']);
});

/** A directory with a `dynats` to call, a home, and an emulator's file. Undefined, and said so, without the shell. */
async function place(t: TestContext, shell: Shell): Promise<NodeJS.ProcessEnv | undefined> {
  if (spawnSync(shell, ['--version']).error !== undefined) {
    t.skip(`${shell} is not installed here`);
    return undefined;
  }
  const dir = await tempDir(t);
  mkdirSync(path.join(dir, 'bin'));
  const command = path.join(dir, 'bin', 'dynats');
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${cliPath}" "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(path.join(dir, 'emulator.json'), '{"cluster":{"nodes":["n0","n1"]}}');
  writeFileSync(path.join(dir, `script.${shell}`), scripts[shell]);
  writeFileSync(path.join(dir, 'cities.ndjson'), '');
  return {
    PATH: `${path.join(dir, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: dir,
    PWD: dir,
    DYNATS_DATA: dir,
    TERM: 'dumb',
  };
}

/** Runs a program of the shell; what it prints, a line each. */
function shellLines(shell: string, args: string[], env: NodeJS.ProcessEnv): string[] {
  const { stdout, stderr } = spawnSync(shell, args, {
    env,
    cwd: env['PWD'],
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.equal(stderr, '');
  return stdout.split('\n').filter(line => line !== '');
}

const asked: readonly [line: string, expected: readonly string[]][] = [
  ['dynats bucket i', ['info']],
  ['dynats get --level=q', ['quorum']],
  ['dynats kill ', ['n0', 'n1']],
];

test('bash completes', async t => {
  const env = await place(t, 'bash');
  if (env === undefined) return;
  const program = `
    source script.bash
    ask() { # As bash splits it: at spaces, and "=" is a word of its own.
      COMP_LINE="$1"; COMP_POINT=\${#1}
      local spaced="\${1//=/ = }"
      read -ra COMP_WORDS <<<"$spaced"
      [[ "$1" == *" " ]] && COMP_WORDS+=("")
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      __dynats_complete
      echo "\${COMPREPLY[*]}"
    }
    ${asked.map(([line]) => `ask "${line}"`).join('\n')}
    complete -p dynats`;
  assert.deepEqual(shellLines('bash', ['--norc', '-c', program], env), [
    ...asked.map(([, expected]) => expected.join(' ')),
    'complete -o default -F __dynats_complete dynats',
  ]);
});

test('fish completes', async t => {
  const env = await place(t, 'fish');
  if (env === undefined) return;
  const program = `source script.fish
    ${asked.map(([line]) => `complete -C "${line}" | string replace -r '\\t.*' ''; echo .`).join('\n')}
    complete -C "dynats import cit"`;
  const expected = asked.flatMap(([line, values]) => [
    ...values.map(value => (line.includes('=') ? `--level=${value}` : value)),
    '.',
  ]);
  assert.deepEqual(shellLines('fish', ['--no-config', '-c', program], env), [...expected, 'cities.ndjson']);
});

test('zsh completes', async t => {
  const env = await place(t, 'zsh');
  if (env === undefined) return;
  // A shell of its own on a pseudo-terminal: completion works on an edited line only.
  const program = `
    zmodload zsh/zpty
    zpty z zsh -f -i
    zpty -w z "PS1=; PROMPT=; unsetopt zle_bracketed_paste 2>/dev/null; autoload -Uz compinit; compinit -u -D; source script.zsh; zstyle ':completion:*' list-prompt ''; LISTMAX=0; echo LOADED"
    zpty -r -m z discard '*LOADED*LOADED*'
    ask() { zpty -w -n z "$1"$'\\t'; zpty -r -m z seen "$2" && echo "found: $1"; zpty -w -n z $'\\x15'; }
    ask 'dynats buc' '*bucket *'
    ask 'dynats get --level=qu' '*--level=quorum*'
    ask 'dynats kill n' '*n0*n1*'
    zpty -d z`;
  const { stdout } = spawnSync('zsh', ['-f', '-c', program], {
    env,
    cwd: env['PWD'],
    encoding: 'utf8',
    timeout: 30_000,
  });
  assert.deepEqual(stdout.split('\n').filter(Boolean), [
    'found: dynats buc',
    'found: dynats get --level=qu',
    'found: dynats kill n',
  ]);
});
